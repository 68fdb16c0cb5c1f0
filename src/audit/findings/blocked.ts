import { evaluate } from '../../firewall/evaluate.ts'
import { finding } from '../catalogue.ts'
import { type Case, destination, type Place, reachOf } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { evidenceOf, groups, labels } from './exposed.ts'
import { portName } from './ports.ts'

/** What the policy lets in and the loaded rules do not; and what must work whatever the policy says. */
export function blocked(place: Place, cases: readonly Case[], login: string | undefined): readonly Finding[] {
  const closed = cases.filter((c) => c.allowed && reachOf(c.verdict) === 'closed')
  const ssh = closed.filter((c) => c.allowed?.by === 'firewall' && c.protocol === 'tcp')
  const ours = ssh.filter((c) => c.source.address === login)
  return [
    ...ours.slice(0, 1).map((c) =>
      finding('FW053', {
        host: place.name,
        subject: `${portName(c)} from ${c.source.address}`,
        evidence: evidenceOf([c]),
      }),
    ),
    ...groups(
      closed.filter((c) => !ours.includes(c)),
      decidedBy,
    ).map((group) => flowIsClosed(place, group)),
    ...answersBlocked(place),
    ...loopbackBlocked(place),
  ]
}

/** One rule that closes many ports is one thing to mend. */
function decidedBy({ verdict, source }: Case): string {
  return `v${source.family} ${verdict.path.at(-1)?.text ?? verdict.because}`
}

function flowIsClosed(place: Place, group: readonly Case[]): Finding {
  const names = [...new Set(group.map(portName))]
  const [first] = group
  const what = names.length > 6 ? `${names.length} ports` : names.join(', ')
  const reasons = [...new Set(group.map((c) => c.allowed?.reason ?? ''))].slice(0, 4)
  return finding('FW040', {
    host: place.name,
    subject: `${what} from ${labels(group)}, v${first?.source.family}`,
    evidence: [...evidenceOf(group.slice(0, 1)), ...reasons.map((reason) => `allowed for: ${reason}`)],
  })
}

function answersBlocked(place: Place): readonly Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const to = destination(place, family)
    if (!to) return []
    const verdict = evaluate(place.seen.loaded, {
      family,
      protocol: 'tcp',
      source: family === 4 ? '198.51.100.77' : '2001:db8:51::77',
      sourcePort: 443,
      destination: to.address,
      destinationPort: 50123,
      inInterface: to.interface,
      state: 'ESTABLISHED',
    })
    if (verdict.possible.includes('accept')) return []
    const evidence = [...verdict.path.map((rule) => rule.text), ...(verdict.because ? [verdict.because] : [])]
    return [finding('FW018', { host: place.name, subject: `established connections, v${family}`, evidence })]
  })
}

function loopbackBlocked(place: Place): readonly Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const address = family === 4 ? '127.0.0.1' : '::1'
    const verdict = evaluate(place.seen.loaded, {
      family,
      protocol: 'tcp',
      source: address,
      sourcePort: 50123,
      destination: address,
      destinationPort: 2379,
      inInterface: 'lo',
    })
    if (verdict.possible.includes('accept')) return []
    const evidence = [...verdict.path.map((rule) => rule.text), ...(verdict.because ? [verdict.because] : [])]
    return [finding('FW019', { host: place.name, subject: `loopback, v${family}`, evidence })]
  })
}
