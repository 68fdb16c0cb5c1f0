import { flagsOf } from '../model/begun.ts'
import type { RunEntry } from './runs-of.ts'
import { table } from './table.ts'

/** One line a run, newest first; then what is not finished, and what to do about it. */
export function formatRuns(runs: readonly RunEntry[]): string {
  if (runs.length === 0) return 'no run has changed these hosts yet\n'
  const head = ['run', 'when', 'took', 'who', 'playbook', 'commit', 'changed']
  const rows = runs.map((run) => [
    run.id,
    run.startedAt.slice(0, 19).replace('T', ' '),
    run.hosts.length > 0 ? `${run.seconds} s` : '',
    run.who,
    run.playbook,
    run.commit ?? '',
    [run.hosts.map((h) => `${h.host} ${h.changed.length}`).join(', '), stateOf(run)]
      .filter(Boolean)
      .join('  '),
  ])
  const open = runs.filter((run) => run.unfinished)
  return `${table(head, rows)}\n${open.map(advice).join('')}`
}

/** All that a run changed, host by host. */
export function formatRun(run: RunEntry): string {
  const commit = run.commit ? `, commit ${run.commit}` : ''
  const flags = run.asked ? `\n${run.asked.file} ${flagsOf(run.asked)}`.trimEnd() : ''
  const resumed = run.resumes ? `\ntook over ${run.resumes}` : ''
  const head = `${run.id}  ${run.who}  playbook ${run.playbook}${commit}\n${run.startedAt} to ${run.endedAt}, ${run.seconds} s${flags}${resumed}`
  const hosts = run.hosts.map(
    ({ host, changed, failed }) =>
      `${host}${failed ? '  FAILED' : ''}\n${changed.map((id) => `  ${id}\n`).join('')}`,
  )
  return `${head}\n\n${[...hosts, ...(run.unfinished ? [advice(run)] : [])].join('\n')}`
}

function stateOf({ failed, unfinished }: RunEntry): string {
  const states = [
    ...(failed ? ['FAILED'] : []),
    ...(unfinished ? [unfinished.isRunning ? 'RUNNING NOW' : 'NOT FINISHED'] : []),
  ]
  return states.join(', ')
}

function advice({ id, unfinished, asked }: RunEntry): string {
  const asks = asked ? `${asked.file} ${flagsOf(asked)}`.trimEnd() : ''
  if (unfinished?.isRunning) return `${id} runs now (${asks})\n`
  return `${id} did not finish on ${unfinished?.hosts.join(', ')} (${asks})\n  → provision resume ${id} takes it over; provision runs forget ${id}, when nobody wants it any more\n`
}
