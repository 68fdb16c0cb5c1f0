import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { chainOf } from './rules.ts'

/** What the kernel and sshd do beside the rules. */
export function host(place: Place): readonly Finding[] {
  return [...forwarding(place), ...tracking(place), ...settings(place), ...passwords(place)]
}

function forwarding({ name: host, seen }: Place): readonly Finding[] {
  const keys = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' } as const
  return ([4, 6] as const).flatMap((family) => {
    const policy = seen.own[family].tables.get('filter')?.chains.get('FORWARD')?.policy ?? 'ACCEPT'
    const last = chainOf(seen.own[family], 'FORWARD').at(-1)
    const dropsAll =
      last?.matches.length === 0 && (last.target.kind === 'drop' || last.target.kind === 'reject')
    if (seen.settings.get(keys[family]) !== '1' || policy === 'DROP' || dropsAll) return []
    return [
      finding('FW072', {
        host,
        subject: `forwarding, v${family}`,
        evidence: [`${keys[family]} = 1`, `:FORWARD ${policy}`],
      }),
    ]
  })
}

/** Above this share new connections are about to be dropped. */
const fullAt = 0.8

function tracking({ name: host, seen }: Place): readonly Finding[] {
  const [count, max] = ['count', 'max'].map((k) =>
    Number(seen.settings.get(`net.netfilter.nf_conntrack_${k}`)),
  )
  if (count === undefined || max === undefined) return []
  if (Number.isNaN(max))
    return [
      finding('FW083', {
        host,
        subject: 'conntrack',
        evidence: ['there is no net.netfilter.nf_conntrack_max'],
      }),
    ]
  if (count <= fullAt * max) return []
  return [finding('FW083', { host, subject: 'conntrack', evidence: [`${count} of ${max} connections`] })]
}

/** What the filter counts on (kernel documentation, ip-sysctl): no forged sources, no routes from strangers. */
function settings({ name: host, seen, wish }: Place): readonly Finding[] {
  const value = (key: string) => seen.settings.get(key)
  const all = Number(value('net.ipv4.conf.all.rp_filter') ?? 0)
  const wrong = [
    ...wish.policy.external
      // The larger of the two counts.
      .filter((name) => Math.max(all, Number(value(`net.ipv4.conf.${name}.rp_filter`) ?? 0)) === 0)
      .map((name) => ({ key: `net.ipv4.conf.${name}.rp_filter`, is: '0', should: '1 or 2' })),
    ...['accept_redirects', 'accept_source_route']
      .map((key) => `net.ipv4.conf.all.${key}`)
      .filter((key) => value(key) === '1')
      .map((key) => ({ key, is: '1', should: '0' })),
  ]
  return wrong.map(({ key, is, should }) =>
    finding('FW084', { host, subject: key, evidence: [`${key} = ${is}, should be ${should}`] }),
  )
}

function passwords({ name: host, seen }: Place): readonly Finding[] {
  const [password] = seen.sshd.get('passwordauthentication') ?? []
  const [keyboard] = seen.sshd.get('kbdinteractiveauthentication') ?? []
  const [root] = seen.sshd.get('permitrootlogin') ?? []
  const evidence = [
    ...(password === 'yes' ? ['sshd: passwordauthentication yes'] : []),
    ...(keyboard === 'yes' ? ['sshd: kbdinteractiveauthentication yes'] : []),
  ]
  if (evidence.length === 0) return []
  return [
    finding('FW051', { host, subject: 'sshd', evidence: [...evidence, `sshd: permitrootlogin ${root}`] }),
  ]
}
