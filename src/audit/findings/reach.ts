import { finding } from '../catalogue.ts'
import type { Finding, ReachCell } from '../finding.ts'
import { groups } from './exposed.ts'

/** Where real connections contradict the policy although the rules of the host do not: those speak for themselves. */
export function reach(cells: readonly ReachCell[]): readonly Finding[] {
  const lost = cells.filter((c) => c.expected === 'open' && c.observed === 'silent' && c.effect !== 'closed')
  const found = cells.filter(
    (c) => c.expected === 'closed' && c.observed === 'answered' && c.effect !== 'open',
  )
  return [
    ...groups(lost, target).map((group) => told('FW041', group, 'nothing came back within two seconds')),
    ...groups(found, target).map((group) => told('FW044', group, 'the connection was answered')),
  ]
}

function target({ to, protocol, port, family }: ReachCell): string {
  return `${to} ${protocol} ${port} ${family}`
}

function told(id: 'FW041' | 'FW044', group: readonly ReachCell[], met: string): Finding {
  const [first] = group
  if (!first) throw new Error('a group without a cell')
  const what = first.port === undefined ? first.protocol : `${first.protocol} ${first.port}`
  return finding(id, {
    host: first.to,
    subject: `${what} from ${group.map((c) => c.from).join(', ')}, v${first.family}`,
    evidence: [
      ...group.map((c) => `${c.from} → ${c.to} ${what}: ${met}; by the loaded rules it is ${c.effect}`),
      ...(first.reason ? [`allowed for: ${first.reason}`] : []),
    ],
  })
}
