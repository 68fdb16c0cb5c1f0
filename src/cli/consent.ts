import { Option } from 'commander'
import { InputError } from '../errors.ts'
import type { Risk } from '../model/kind.ts'
import { nearest } from '../model/nearest.ts'

/** What `--yes` has agreed to beforehand: everything, or these risks. */
export type Consent = 'all' | readonly Risk[]

/** Risks that are asked about, in the order in which they are told. A restart is everyday work. */
export const askedAbout: readonly Risk[] = ['reboot', 'ssh', 'quorum', 'data']

/** Does `--yes`, as it was given, answer a question about this risk? */
export function covers(consent: Consent | undefined, risk: Risk): boolean {
  return consent === 'all' || risk === 'restart' || (consent?.includes(risk) ?? false)
}

/** The words that agree to what has been agreed to and to `more`: `--yes=reboot,quorum`. */
export function wordsFor(more: readonly Risk[], consent: Consent | undefined): string {
  const named = askedAbout.filter(
    (risk) => more.includes(risk) || (consent !== undefined && covers(consent, risk)),
  )
  return `--yes=${named.join(',')}`
}

/** Reads the words of `--yes=WORDS`; undefined is `--yes` alone. Throws InputError for a word that is no risk. */
export function consentOf(words: string | undefined): Consent {
  if (words === undefined) return 'all'
  const known = [...askedAbout, 'restart', 'all']
  const list = words.split(',').map((word) => word.trim())
  for (const word of list)
    if (!known.includes(word))
      throw new InputError({
        what: `--yes=${words}: ${word === '' ? 'a word is missing' : `there is no risk ${word}`}`,
        next:
          word === ''
            ? `it takes ${askedAbout.join(', ')}, by commas; --yes alone means all`
            : nearest(word, known),
      })
  return list.includes('all') ? 'all' : (list as Risk[])
}

/** `--yes` means all, `--yes=reboot,quorum` these. A word after a blank is an argument of the command, never its value. */
export class YesOption extends Option {
  #words: string | undefined

  constructor() {
    super('-y, --yes', 'do not ask; --yes=reboot,ssh,quorum,data: not about these')
    this.argParser<Consent | undefined>((_, before) => {
      const now = consentOf(this.#words)
      this.#words = undefined
      if (now === 'all' || before === 'all') return 'all'
      return [...(before ?? []), ...now]
    })
  }

  // commander gives an option either a value or none; the text of this one is taken here.
  is(arg: string): boolean {
    if (!arg.startsWith('--yes=')) return arg === this.short || arg === this.long
    this.#words = arg.slice('--yes='.length)
    return true
  }
}
