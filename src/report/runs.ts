import type { RunEntry } from './runs-of.ts'
import { table } from './table.ts'

/** One line a run, newest first. */
export function formatRuns(runs: readonly RunEntry[]): string {
  if (runs.length === 0) return 'no run has changed these hosts yet\n'
  const head = ['run', 'when', 'took', 'who', 'playbook', 'commit', 'changed']
  const rows = runs.map((run) => [
    run.id,
    run.startedAt.slice(0, 19).replace('T', ' '),
    `${run.seconds} s`,
    run.who,
    run.playbook,
    run.commit ?? '',
    `${run.hosts.map((h) => `${h.host} ${h.changed.length}`).join(', ')}${run.failed ? '  FAILED' : ''}`,
  ])
  return `${table(head, rows)}\n`
}

/** All that a run changed, host by host. */
export function formatRun(run: RunEntry): string {
  const commit = run.commit ? `, commit ${run.commit}` : ''
  const head = `${run.id}  ${run.who}  playbook ${run.playbook}${commit}\n${run.startedAt} to ${run.endedAt}, ${run.seconds} s`
  const hosts = run.hosts.map(
    ({ host, changed, failed }) =>
      `${host}${failed ? '  FAILED' : ''}\n${changed.map((id) => `  ${id}\n`).join('')}`,
  )
  return `${head}\n\n${hosts.join('\n')}`
}
