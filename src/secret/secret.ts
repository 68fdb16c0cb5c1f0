/**
 * A value that must never be seen: it prints, serialises and inspects as ‹secret NAME›.
 * Only `reveal()` gives the value, and only code that puts it into a script's standard input may call that.
 */
export class Secret {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `‹secret ${this.name}›`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
