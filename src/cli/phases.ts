import { InputError } from '../errors.ts'
import type { Playbook } from '../model/playbook.ts'

/** The phases from `--from` to `--until`, both included; undefined where neither is given. */
export function phasesOf(
  { name, plays }: Playbook,
  { from, until }: { readonly from?: string; readonly until?: string },
): ReadonlySet<string> | undefined {
  if (from === undefined && until === undefined) return undefined
  const all = [...new Set(plays.flatMap((play) => play.phase ?? []))]
  const place = (phase: string) => {
    const at = all.indexOf(phase)
    if (at < 0)
      throw new InputError({
        what: `${name} has no phase ${phase}`,
        next: all.length > 0 ? `its phases: ${all.join(', ')}` : 'its plays have none',
      })
    return at
  }
  const first = from === undefined ? 0 : place(from)
  const last = until === undefined ? all.length - 1 : place(until)
  if (first > last) throw new InputError({ what: `--from ${from} comes after --until ${until}` })
  return new Set(all.slice(first, last + 1))
}
