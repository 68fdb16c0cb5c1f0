import { InputError } from '../errors.ts'
import { formatHistory, type HistoryLine, rulesDiff } from '../report/firewall-history.ts'
import { type KeptRules, keptRules, onHost } from './firewall-host.ts'
import type { FirewallFlags } from './flags.ts'

/** `provision firewall history`: who changed the rules of a host, when, and how. */
export async function firewallHistoryCommand(host: string, flags: FirewallFlags): Promise<number> {
  const kind = flags.output ?? 'text'
  if (kind !== 'text' && kind !== 'json')
    throw new InputError({ what: `--output takes text or json, not ${kind}` })
  const lines = linesOf(await onHost(host, flags, (link) => keptRules(link)))
  process.stdout.write(
    kind === 'json' ? `${JSON.stringify(lines, undefined, 2)}\n` : formatHistory(host, lines),
  )
  return 0
}

/** The rules' own record, with what the journal knows of the run that made it: it is written at the run's end. */
function linesOf({ history, runs }: KeptRules): readonly HistoryLine[] {
  return history.map(({ at, who, before, after }) => {
    const run = runs.find((r) => r.who === who && r.at >= at)
    return {
      at,
      who,
      ...(run?.commit === undefined ? {} : { commit: run.commit }),
      ...(run?.playbook === undefined ? {} : { playbook: run.playbook }),
      diff: rulesDiff(before, after),
    }
  })
}
