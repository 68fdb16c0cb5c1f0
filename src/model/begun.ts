import { createHash } from 'node:crypto'

/** What a run was asked to do: all that another clone needs to do the same. Nothing of it names a machine of the operator's. */
export interface Asked {
  /** The playbook's file, relative to the project where it lies inside it. */
  readonly file: string
  readonly limit?: string
  readonly tags?: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly prune?: boolean
  readonly set?: readonly string[]
  /** A host that the run does without, though the inventory has it still. */
  readonly without?: string
  /** Names of vars that were set and whose values are not kept: they may be secrets. */
  readonly withheld?: readonly string[]
}

/** A run that took its locks: kept on every host that it changes, until it has ended well. */
export interface Begun {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly who: string
  readonly commit?: string | undefined
  /** The playbook's name, as the journal has it. */
  readonly playbook: string
  readonly asked: Asked
  /** The run that this one took over. */
  readonly resumes?: string | undefined
}

/** A run that was begun on a host and did not end well there. */
export interface Unfinished extends Begun {
  /** Its lock is still held: it runs now, or its connection is not yet known to be dead. */
  readonly isRunning: boolean
}

/** A time among the flags is when something was asked for: asked again later, it is the same. */
const times = /\d{4}-\d{2}-\d{2}T[\d:.-]+Z?/g

/** The same for the same playbook with the same flags: such a run, when it ends well, has done what an earlier one left. */
export function keyOf({ file, limit, tags, from, until, prune, set, without, withheld }: Asked): string {
  const asked = set?.map((text) => text.replaceAll(times, 'TIME'))
  const parts = [file, limit, tags, from, until, prune, asked, without, withheld].map((part) => part ?? null)
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

/** Words that name what nobody should find on a host. */
const secretive = /pass(word|phrase)?|secret|token|credential|private/i

/** `--set` without values that may be secrets, and the names of those. */
export function withoutSecrets(set: readonly string[]): Pick<Asked, 'set' | 'withheld'> {
  const isSecretive = (text: string) => secretive.test(text.split('=')[0] ?? '')
  const kept = set.filter((text) => !isSecretive(text))
  const withheld = set.filter(isSecretive).map((text) => text.split('=')[0] ?? '')
  return { ...(kept.length > 0 ? { set: kept } : {}), ...(withheld.length > 0 ? { withheld } : {}) }
}

/** The flags as they were typed, without the playbook: `--limit h2 --set images.edition=20270131`. */
export function flagsOf({ limit, tags, from, until, prune, set, without, withheld }: Asked): string {
  const words = [
    ...(limit === undefined ? [] : ['--limit', limit]),
    ...(tags ? ['--tags', tags.join(',')] : []),
    ...(from === undefined ? [] : ['--from', from]),
    ...(until === undefined ? [] : ['--until', until]),
    ...(prune ? ['--prune'] : []),
    ...(set ?? []).flatMap((text) => ['--set', text]),
    ...(without === undefined ? [] : [`(without ${without})`]),
    ...(withheld ?? []).flatMap((name) => ['--set', `${name}=…`]),
  ]
  return words.join(' ')
}
