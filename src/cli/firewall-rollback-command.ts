import { hostname, userInfo } from 'node:os'
import { letsIn, wayBack } from '../audit/way-back.ts'
import { appendRecord, lockScript } from '../engine/journal.ts'
import { CommandError, InputError, RefusedError } from '../errors.ts'
import type { HistoryEntry } from '../firewall/history.ts'
import { confirmRules, digestOf, loadRules } from '../firewall/load.ts'
import type { Transport } from '../model/transport.ts'
import { rulesDiff } from '../report/firewall-history.ts'
import { lines } from '../shell/sh.ts'
import { askYes } from './ask.ts'
import { covers } from './consent.ts'
import { type KeptRules, keptRules, onHost } from './firewall-host.ts'
import type { FirewallFlags } from './flags.ts'

/** Time for the new connection that confirms the rules. */
const seconds = 60

/** `provision firewall rollback`: back to rules that were confirmed before, under the guard that every change has. */
export function firewallRollbackCommand(host: string, flags: FirewallFlags): Promise<number> {
  return onHost(host, flags, async (link) => {
    const who = `${userInfo().username}@${hostname()} pid ${process.pid} (rollback)`
    const { line, release } = await link.hold(
      lockScript(who, `since ${new Date().toISOString()}, for a rollback of the firewall`),
    )
    try {
      if (line !== 'locked')
        throw new RefusedError({
          host,
          what: `another run holds the lock of this host: ${line.replace(/^busy /, '')}`,
        })
      const kept = await keptRules(link)
      const target = targetOf(host, kept, flags.to)
      mustLetUsIn(host, target, kept)
      if (!(await agreed(host, target, kept, covers(flags.yes, 'ssh'))))
        throw new RefusedError({ host, what: 'not approved: nothing was changed' })
      await load(link, target, who)
      console.log(`${host}: the rules of ${target.at} are loaded and confirmed over a new connection`)
      return 0
    } finally {
      await release()
    }
  })
}

function targetOf(host: string, kept: KeptRules, to: string | undefined): HistoryEntry {
  const found =
    to === undefined ? wayBack(kept.history, kept.confirmed) : kept.history.find((e) => e.at.startsWith(to))
  if (found) return found
  throw new InputError({
    host,
    what: to === undefined ? 'there are no earlier rules to go back to' : `the history has no entry ${to}`,
    next: `provision firewall history ${host}`,
  })
}

/** Rules that would refuse the connection by which we come are never loaded. */
function mustLetUsIn(host: string, { texts, at }: HistoryEntry, { login }: KeptRules): void {
  if (!login || letsIn(texts, login)) return
  throw new RefusedError({
    host,
    what: `the rules of ${at} would lock us out: SSH from ${login.from} to port ${login.port} would be dropped`,
    next: `take others: provision firewall rollback ${host} --to ENTRY`,
  })
}

async function agreed(host: string, target: HistoryEntry, kept: KeptRules, yes: boolean): Promise<boolean> {
  const now = kept.history.at(-1)
  console.log(
    [`${host}: back to the rules of ${target.at}`, ...rulesDiff(now?.after ?? '', target.after)].join('\n'),
  )
  if (yes) return true
  if (!process.stdin.isTTY)
    throw new InputError({ what: 'there is nobody to ask', next: 'confirm it with --yes=ssh' })
  return askYes('Load them?')
}

async function load(link: Transport, { texts }: HistoryEntry, who: string): Promise<void> {
  const host = link.host.name
  await must(link, 'the rules could not be loaded', () => link.exec(loadRules(texts, seconds)))
  const next = `the host goes back by itself within ${seconds} s; look at it then`
  // A connection that is open already proves nothing: it would pass as established.
  const fresh = await link.fresh().catch((cause: unknown) => {
    throw new CommandError({ host, what: 'no new connection came in with these rules', next, cause })
  })
  try {
    const record = {
      at: new Date().toISOString(),
      who,
      playbook: 'firewall rollback',
      changed: ['firewall[provision]'],
    }
    const script = lines([confirmRules(digestOf(texts)), appendRecord(record)])
    await must(fresh, 'the rules could not be confirmed', () => fresh.exec(script))
  } finally {
    await fresh[Symbol.asyncDispose]()
  }
}

async function must(link: Transport, what: string, run: () => ReturnType<Transport['exec']>): Promise<void> {
  const { code, stderr } = await run()
  if (code !== 0) throw new CommandError({ host: link.host.name, what, why: stderr.trim() })
}
