/** Values of all secrets of this process, the longest first, and how reports write them. */
let known: readonly (readonly [value: string, mask: string])[] = []

/** Shorter values stand in too many words that are none. */
const shortest = 4
/** Lines of a longer text that may be told apart from ordinary ones: those of a key in PEM have 64 characters. */
const longLine = 40

/** Notes a value, so that {@link hide} finds it wherever it turns up. */
export function remember(value: string, mask: string): void {
  const lines = value.includes('\n') ? value.split('\n').filter((line) => line.length >= longLine) : []
  const news = new Set([value, ...lines].filter((text) => text.trim().length >= shortest))
  // Whoever names it last knows best: a var is called `app.pass`, not by the variable of the environment that it came from.
  known = [
    ...known.filter(([text]) => !news.has(text)),
    ...[...news].map((text) => [text, mask] as const),
  ].sort(([a], [b]) => b.length - a.length)
}

/**
 * The second net under reports: a command that prints its own password, a value that a role has revealed. What is known to be
 * secret is replaced by its mask.
 */
export function hide(text: string): string {
  return known.reduce(
    (rest, [value, mask]) => (rest.includes(value) ? rest.replaceAll(value, () => mask) : rest),
    text,
  )
}

/** What reports go by, not what they say: a secret that happens to be `plan` must not turn one event into another. */
const names = new Set(['type', 'command', 'status', 'host', 'hosts', 'playbook', 'inventory', 'risks'])

/** {@link hide} in every text of a plain value, such as an event. */
export function hideIn<T>(value: T): T {
  return (known.length === 0 ? value : hidden(value)) as T
}

export function areThereSecrets(): boolean {
  return known.length > 0
}

/** Does a text hold a value that is known to be secret? */
export function holdsSecret(text: string): boolean {
  return known.some(([value]) => text.includes(value))
}

function hidden(value: unknown): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, names.has(key) ? inner : hidden(inner)]),
  )
}
