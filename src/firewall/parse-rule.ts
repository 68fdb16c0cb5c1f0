import { parseNetwork } from './address.ts'
import { interpret, type Option } from './interpret.ts'
import { modules } from './modules.ts'
import { protocolName, protocolNumber } from './protocols.ts'
import type { Family } from './rules.ts'
import type { Match, Side, Target } from './ruleset.ts'
import { parseTarget } from './targets.ts'
import { splitWords, type Word } from './words.ts'

/** A rule's conditions and its target. */
export interface Body {
  readonly chain: string
  readonly matches: readonly Match[]
  readonly target: Target
}

/** A module of a rule with the options that were given to it. */
interface Used {
  readonly module: string
  readonly options: Option[]
}

/** Builtin options with one word, by their short form. */
const short: Readonly<Record<string, string>> = {
  '--source': '-s',
  '--src': '-s',
  '--destination': '-d',
  '--dst': '-d',
  '--in-interface': '-i',
  '--out-interface': '-o',
  '--protocol': '-p',
  '--proto': '-p',
  '--fragment': '-f',
  '--match': '-m',
  '--jump': '-j',
  '--goto': '-g',
}

/** What is wrong with a rule, as the end of a sentence that begins with its line. */
export class RuleError extends Error {}

/** Reads `-A CHAIN ...`. Throws RuleError. What is well formed and not modelled becomes `unknown`, never an error. */
export function parseRule(text: string, family: Family, isChain: (name: string) => boolean): Body {
  const words = splitWords(text)
  if (!words) throw new RuleError('has an open quote at its end')
  const chain = words[1]?.text
  if (words[0]?.text !== '-A' || chain === undefined) throw new RuleError('is no rule: -A CHAIN is missing')
  const reader = new Reader(words, family)
  const matches = reader.matches()
  const rest = reader.rest()
  const target = parseTarget(rest, family, isChain)
  // A word like -j inside a module that we do not know: which one is the target cannot be told.
  const isTorn = reader.lost.length > 0 && rest.slice(1).some((word) => isJump(word))
  return { chain, matches, target: isTorn ? { kind: 'unknown', words: target.words } : target }
}

const jumps = new Set(['-j', '-g', '--jump', '--goto'])
const isJump = ({ text, quoted }: Word) => !quoted && jumps.has(text)

class Reader {
  readonly lost: string[][] = []
  readonly #words: readonly Word[]
  readonly #family: Family
  readonly #found: Match[] = []
  readonly #used: Used[] = []
  #at = 2

  constructor(words: readonly Word[], family: Family) {
    this.#words = words
    this.#family = family
  }

  /** All up to the target. */
  matches(): readonly Match[] {
    let not = false
    for (;;) {
      const word = this.#words[this.#at]
      if (!word || isJump(word)) break
      this.#at += 1
      if (word.text === '!' && !word.quoted) {
        not = true
        continue
      }
      this.#option(word, not)
      not = false
    }
    if (not) throw new RuleError('has a ! that negates nothing')
    const known = this.#used.flatMap(({ module, options }) => interpret(module, options, this.#family))
    return [...this.#found, ...known, ...this.lost.map((words) => ({ kind: 'unknown', words }) as const)]
  }

  /** `-j` and what follows it; empty for a rule without a target. */
  rest(): readonly Word[] {
    return this.#words.slice(this.#at)
  }

  #option(word: Word, not: boolean): void {
    const name = short[word.text] ?? word.text
    if (word.quoted || !name.startsWith('-'))
      throw new RuleError(`has ${quote(word.text)} where an option belongs`)
    if (name === '-m') this.#module(this.#value(name))
    else if (name === '-4' || name === '-6') return
    else if (name.startsWith('--')) this.#long(name.slice(2), not)
    else this.#found.push(...this.#builtin(name, not))
  }

  #builtin(name: string, not: boolean): readonly Match[] {
    if (name === '-f') return [{ kind: 'fragment', not }]
    if (name === '-s' || name === '-d') {
      const network = parseNetwork(this.#value(name), this.#family)
      if (!network) throw new RuleError(`has no address of IPv${this.#family} after ${name}`)
      const side: Side = name === '-s' ? 'source' : 'destination'
      return network.mask === 0n && !not ? [] : [{ kind: 'address', side, network, not }]
    }
    if (name === '-i' || name === '-o') {
      const way = name === '-i' ? 'in' : 'out'
      const value = this.#value(name)
      return value === '+' && !not ? [] : [{ kind: 'interface', way, name: value, not }]
    }
    if (name === '-p') return this.#protocol(this.#value(name), not)
    throw new RuleError(`has the option ${quote(name)}, which no saved rule has`)
  }

  #protocol(text: string, not: boolean): readonly Match[] {
    const protocol = protocolNumber(text)
    if (protocol === undefined) return [{ kind: 'unknown', words: [...(not ? ['!'] : []), '-p', text] }]
    // `-p tcp --dport 80` needs no `-m tcp`.
    const implied = protocol === 58 ? 'icmp6' : protocolName(protocol)
    if (modules[implied]) this.#used.push({ module: implied, options: [] })
    return protocol === 0 && !not ? [] : [{ kind: 'protocol', protocol, not }]
  }

  #module(name: string): void {
    if (Object.hasOwn(modules, name)) {
      this.#used.push({ module: name, options: [] })
      return
    }
    const start = this.#at
    while (this.#at < this.#words.length && !this.#isNext()) this.#at += 1
    this.lost.push([name, ...this.#words.slice(start, this.#at).map(({ text }) => text)])
  }

  #long(name: string, not: boolean): void {
    const used = this.#used.findLast(({ module }) => Object.hasOwn(modules[module] ?? {}, name))
    if (!used) {
      const start = this.#at
      while (this.#at < this.#words.length && !this.#isNext()) this.#at += 1
      const words = this.#words.slice(start, this.#at).map(({ text }) => text)
      this.lost.push([...(not ? ['!'] : []), `--${name}`, ...words])
      return
    }
    const count = modules[used.module]?.[name] ?? 0
    const args: string[] = []
    while (args.length < count) args.push(this.#value(`--${name}`))
    used.options.push({ name, args, not })
  }

  /** Do the words of a module that we do not know end here? */
  #isNext(): boolean {
    const word = this.#words[this.#at]
    return (
      word !== undefined && !word.quoted && (isJump(word) || word.text === '-m' || word.text === '--match')
    )
  }

  #value(option: string): string {
    const word = this.#words[this.#at]
    if (!word) throw new RuleError(`ends after ${option}, which needs a value`)
    this.#at += 1
    return word.text
  }
}

/** For messages: control characters do not reach a terminal, and one line stays one line. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)
