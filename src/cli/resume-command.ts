import { InputError, RefusedError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import { type Asked, flagsOf } from '../model/begun.ts'
import type { RunEntry } from '../report/runs-of.ts'
import { askYes } from './ask.ts'
import { commitOf } from './commit.ts'
import { withConnector } from './connector.ts'
import type { RunFlags } from './flags.ts'
import { forgetHost, leavePlaybook } from './remove-command.ts'
import { runCommand } from './run-command.ts'
import { askHosts, runOf, type Told } from './run-notes.ts'
import { say } from './say.ts'
import { tellBoots, upgradePlaybook } from './upgrade-command.ts'

/**
 * `provision resume [ID]`: the run that did not finish, the last one where none is named, is taken over with the playbook
 * and the flags that it was given. Each step looks first, so what it has done is not done again.
 */
export async function resumeCommand(id: string | undefined, flags: RunFlags): Promise<number> {
  refuseFlags(flags)
  const told = await toldBy(flags)
  for (const error of told.silent) console.error(error)
  const run = id === undefined ? told.runs.find((r) => r.unfinished) : runOf(told, id)
  if (!run?.unfinished || !run.asked) {
    say(flags, id === undefined ? 'every run has ended well: nothing to take over' : `${id} is over already`)
    return told.silent.length > 0 ? 3 : 0
  }
  const { asked } = run
  mustBeOver(run)
  mustBeWhole(run, asked)
  say(
    flags,
    `takes over ${run.id} of ${run.who}, begun ${run.startedAt} (${ago(run.startedAt)}), not finished on ${run.unfinished.hosts.join(', ')}:\n  ${asked.file} ${flagsOf(asked)}`.trimEnd(),
  )
  await mustAgree(run, flags)
  const { file, limit, tags, from, until, prune, set, without } = asked
  const given = {
    ...(limit === undefined ? {} : { limit }),
    ...(tags ? { tags } : {}),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(prune ? { prune } : {}),
    ...(set ? { set } : {}),
    ...(without === undefined ? {} : { without }),
  }
  const code = await runCommand(file, { ...flags, ...given }, { resumes: run.id })
  if (code !== 0 || flags.check) return code
  if (file === upgradePlaybook) await tellBoots(flags)
  if (file === leavePlaybook) return goOnForgetting(asked, flags)
  return code
}

/** A host that was to be removed has left by now; the others still know it. */
function goOnForgetting({ set = [] }: Asked, flags: RunFlags): Promise<number> {
  const own = 'leave.host='
  const name = set.find((text) => text.startsWith(own))?.slice(own.length) ?? ''
  return forgetHost(name, { ...flags, set: set.filter((text) => !text.startsWith(own)) })
}

async function toldBy(flags: RunFlags): Promise<Told> {
  const { hosts } = loadInventory(flags.inventory)
  return withConnector(flags, hosts, ({ connect }) => askHosts(hosts, connect))
}

function refuseFlags({ limit, tags, from, until, prune, set }: RunFlags): void {
  if ([limit, tags, from, until, prune, set].every((flag) => flag === undefined)) return
  throw new InputError({
    what: 'resume does what the run was asked to do: --limit, --tags, --from, --until, --prune and --set are its own',
    next: 'to do something else, run that; provision runs forget ID takes the other one out of the list',
  })
}

function mustBeOver({ id, who, startedAt, unfinished }: RunEntry): void {
  if (!unfinished?.isRunning) return
  throw new RefusedError({
    what: `${id} of ${who} still holds its lock, since ${startedAt}`,
    why: 'it runs now; or its machine is gone, and the hosts have not noticed yet',
    next: 'wait for it to end; the lock of a machine that is gone ends by itself within a minute',
  })
}

function mustBeWhole({ id }: RunEntry, { withheld }: Asked): void {
  if (!withheld) return
  throw new RefusedError({
    what: `${id} was given ${withheld.join(', ')} by --set; such a value may be a secret, and is kept nowhere`,
    next: 'run the playbook again with it, as it was run; that takes the place of this one',
  })
}

/** Another state of the playbooks may do something else than was agreed to. */
async function mustAgree({ commit }: RunEntry, flags: RunFlags): Promise<void> {
  const own = commitOf()
  if (own === commit) return
  const said = `it was begun with commit ${commit ?? 'none'}; this clone is at ${own ?? 'none'}`
  say(flags, said)
  if (flags.yes === 'all' || flags.check) return
  if (process.stdin.isTTY && (await askYes('Go on with this one?'))) return
  throw new RefusedError({
    what: 'not approved: nothing was changed',
    why: said,
    next: `git checkout ${commit ?? 'COMMIT'}, and again; or go on with this one: --yes`,
  })
}

function ago(iso: string): string {
  const minutes = Math.round((Date.now() - Date.parse(iso)) / 60_000)
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`
}
