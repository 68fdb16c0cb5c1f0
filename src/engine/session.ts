import { CommandError, ConnectError, lastLines, RefusedError } from '../errors.ts'
import type { Reporter } from '../model/event.ts'
import type { Host } from '../model/host.ts'
import type { Risk } from '../model/kind.ts'
import type { Output } from '../model/probe.ts'
import type { Transport } from '../model/transport.ts'
import { type Script, sh } from '../shell/sh.ts'
import { batch, type Part } from './frame.ts'
import { type Journal, stillInHand, takenOver } from './journal.ts'
import type { States } from './observe.ts'
import type { Wanted } from './plan.ts'

/** All that a run knows of one host. The engine's only mutable state. */
export interface Session {
  readonly host: Host
  /** Where the inventory says how it is reached. */
  readonly where?: string | undefined
  /** All hosts of the run, this one included: whom its resources may ask. */
  cluster: readonly Session[]
  transport: Transport
  facts: Readonly<Record<string, unknown>>
  wanted: readonly Wanted[]
  states: States
  journal: Journal
  /** Whose turn it was when the host was looked at; undefined before. */
  turn: string | undefined
  /** Risks that somebody has said yes to here. */
  approved: ReadonlySet<Risk>
  roundTrips: number
  /** Resources that were as wished before the run; checks are counted apart. */
  ok: number
  changed: number
  checked: number
  skipped: number
  failed: boolean
  /** It failed by what it was told to be: a mistake of the input. */
  badInput?: boolean
  /** Known since the first question: what is asked and changed is root's. */
  isRoot?: boolean
  unreachable: boolean
  /** Takes the host's lock again, over a new connection: a reboot has ended the old one. */
  relock?: () => Promise<void>
  /** The journal on the host has this run. */
  recorded: boolean
  /** Plays that came to their end here: only they can be proved. */
  readonly applied: Set<number>
  /** Quorums that lose their member here for a while, by the plan. */
  interrupts: readonly string[]
  /** Orphans that this run takes away or forgets. */
  pruned: readonly string[]
  /** ids of what this run changed, for the journal. */
  readonly done: string[]
}

/** Runs many parts as one remote script and splits the answer. */
export async function ask(
  session: Session,
  parts: readonly Part[],
  report: Reporter,
  timeoutMs?: number,
): Promise<readonly (Output | undefined)[]> {
  const isFirst = session.isRoot === undefined
  const { script, read } = batch(isFirst ? [{ script: effectiveUser }, ...parts] : parts)
  const started = performance.now()
  const output = await session.transport.exec(script, timeoutMs === undefined ? {} : { timeoutMs })
  session.roundTrips++
  report({
    type: 'exec',
    host: session.host.name,
    shown: script.shown,
    code: output.code,
    ms: performance.now() - started,
  })
  const outputs = read(output)
  if ((isFirst || parts.length > 0) && outputs[0] === undefined) throw nothingRan(session, script, output)
  if (!isFirst) return outputs
  mustBeRoot(session, outputs[0]?.stdout.trim() ?? '')
  return outputs.slice(1)
}

/** Asked by the shell itself, of the kernel: no process. Says nothing where there is no /proc. */
const effectiveUser = sh`while read -r key _ id _; do if [ "$key" = Uid: ]; then echo "$id"; fi; done </proc/self/status`

/** Without root the look itself is not true: what only root may read would count as absent. */
function mustBeRoot(session: Session, id: string): void {
  session.isRoot = id === '' || id === '0'
  if (session.isRoot) return
  const { host, where } = session
  const { user = 'the user', become } = host.connection
  throw new ConnectError({
    where,
    host: host.name,
    what: become
      ? `sudo has not made ${user} root here (its uid is ${id})`
      : `${user} is not root here (its uid is ${id}), and become is not set: nothing can be looked at or changed`,
    next: become
      ? 'allow the user to become root by sudo'
      : 'set connection.become: true, and becomePasswordFile where sudo asks for a password; or log in as root',
  })
}

function nothingRan({ host }: Session, script: Script, output: Output): Error {
  const why = lastLines(output.stderr) || `exit code ${output.code}, no output`
  if (/^sudo: /m.test(output.stderr))
    return new ConnectError({
      host: host.name,
      what: 'sudo was refused',
      why,
      next: host.connection.becomePasswordFile
        ? 'may the user use sudo there, for all commands? its line in /etc/sudoers says so: sudo -l'
        : 'allow the user sudo (NOPASSWD), or name the file with the password: connection.becomePasswordFile',
    })
  const refused = [takenOver, stillInHand].find((said) => output.stderr.split('\n').includes(said))
  if (refused)
    return new RefusedError({
      host: host.name,
      what: `${refused}: this run changes nothing more here`,
      next: '`provision runs` tells whose it is, and what this one has done; run again when it has ended',
    })
  return new CommandError({
    host: host.name,
    what: 'the remote shell did not run the script',
    why: `${why}\n${lastLines(script.shown, 4)}`,
    next: 'the login shell must be able to run `sh`; it must print nothing itself and not be /usr/sbin/nologin',
  })
}
