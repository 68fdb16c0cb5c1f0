import { InputError, RefusedError } from '../errors.ts'
import { ask } from './ask.ts'

/**
 * Data goes only after its owner's name was typed: beforehand (`--confirm`), or now. Throws InputError where nobody can be
 * asked, RefusedError for another name.
 */
export async function mustType(
  name: string,
  typed: string | undefined,
  words: {
    /** What is about to happen: `--destroy-data deletes databases for good`. */
    readonly danger: string
    /** The same as the question begins: `All data of main will be gone.` */
    readonly question: string
    /** `its name`, `the name of the cluster`. */
    readonly called: string
    readonly host?: string
  },
): Promise<void> {
  const at = words.host === undefined ? {} : { host: words.host }
  if (typed === undefined && !process.stdin.isTTY)
    throw new InputError({
      ...at,
      what: `${words.danger}, and there is nobody to ask`,
      next: `confirm it: --confirm ${name}`,
    })
  const said = typed ?? (await ask(`${words.question} Type its name: `))
  if (said !== name)
    throw new RefusedError({ ...at, what: `${words.called} is ${name}, not ${said}: nothing was changed` })
}
