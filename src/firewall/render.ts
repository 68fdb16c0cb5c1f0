import { type Family, type Flow, familyOf, type Rule, withoutCovered } from './rules.ts'

/** Jumped to from INPUT and from Docker's DOCKER-USER; all else in the tables belongs to others. */
export const inChain = 'PROVISION-IN'
export const forwardChain = 'PROVISION-FWD'

export interface Policy {
  /** To the host itself. */
  readonly flows: readonly Flow[]
  /** Dropped before anything of `flows` is let in. */
  readonly denied?: readonly Flow[]
  /** Lines of the inventory that are past their day: they are rendered no more. */
  readonly expired?: Pick<Policy, 'flows' | 'denied' | 'published'>
  /** To ports that containers publish on it; Docker's own rules would let everyone in. */
  readonly published: readonly Flow[]
  /** Interfaces that lead to other machines. */
  readonly external: readonly string[]
}

const established = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED']

/** The rules of one family, in order. Pure. */
export function rulesOf(policy: Policy, family: Family): readonly Rule[] {
  const icmp = family === 4 ? 'icmp' : 'ipv6-icmp'
  const type = family === 4 ? '--icmp-type' : '--icmpv6-type'
  // v4: unreachable (path MTU), time exceeded, parameter problem. v6: errors, and neighbour discovery (RFC 4890, 4.4).
  const vital = family === 4 ? [3, 11, 12] : [1, 2, 3, 4, 133, 134, 135, 136, 137]
  // Of the link alone: who listens to which group (MLD), secure neighbours, multicast routers (RFC 4890, 4.4.1). A switch that gets
  // no answer to its MLD queries sends neighbour solicitations here no more.
  const ofLink = family === 4 ? [] : [130, 131, 132, 143, 148, 149, 151, 152, 153]
  const input = (match: readonly string[], target: Rule['target'], admits?: Rule['admits']): Rule => ({
    chain: inChain,
    match,
    target,
    ...(admits ? { admits } : {}),
  })
  return [
    input(['-i', 'lo'], 'ACCEPT'),
    input(established, 'ACCEPT'),
    input(['-m', 'conntrack', '--ctstate', 'INVALID'], 'DROP'),
    ...vital.map((number) =>
      input(['-p', icmp, '-m', icmp === 'icmp' ? 'icmp' : 'icmp6', type, String(number)], 'ACCEPT'),
    ),
    ...ofLink.map((number) =>
      input(['-s', 'fe80::/10', '-p', icmp, '-m', 'icmp6', type, String(number)], 'ACCEPT'),
    ),
    ...(policy.denied ?? []).flatMap((flow) => flowRules(flow, family, 'DROP')),
    ...policy.flows.flatMap((flow) => flowRules(flow, family, 'ACCEPT')),
    input(['-m', 'limit', '--limit', '6/min', '--limit-burst', '10'], 'LOG'),
    input([], 'DROP', { protocol: 'all' }),
    ...policy.external.flatMap((name) => forwarded(name, policy.published, family)),
  ]
}

/** The text for `iptables-restore --noflush`: declaring a chain flushes and refills that chain alone, in one transaction. */
export function render(policy: Policy, family: Family): string {
  const rows = rulesOf(policy, family).map((rule) => {
    const log = rule.target === 'LOG' ? ['--log-prefix', '"provision-drop: "'] : []
    return ['-A', rule.chain, ...rule.match, '-j', rule.target, ...log].join(' ')
  })
  return ['*filter', `:${inChain} - [0:0]`, `:${forwardChain} - [0:0]`, ...rows, 'COMMIT', ''].join('\n')
}

/** Both families. */
export function textsOf(policy: Policy): { readonly 4: string; readonly 6: string } {
  return { 4: render(policy, 4), 6: render(policy, 6) }
}

function sources(flow: Flow, family: Family): readonly (string | undefined)[] {
  return withoutCovered(flow.from).flatMap((from) =>
    from === 'any' ? [undefined] : familyOf(from) === family ? [from] : [],
  )
}

/** The rules of one line of the matrix, one for each source. */
export function flowRules(flow: Flow, family: Family, target: 'ACCEPT' | 'DROP'): readonly Rule[] {
  return sources(flow, family).map((from): Rule => {
    const source = from === undefined ? [] : ['-s', from]
    const ports = flow.ports ?? []
    const admits = { protocol: flow.protocol, ports, ...(from === undefined ? {} : { from }) }
    return {
      chain: inChain,
      match: [...source, ...protocolMatch(flow, family), ...limited(flow), ...comment(flow)],
      target,
      admits,
    }
  })
}

/** What stands beside the rule on the host, so that who reads it there knows whom to ask. iptables takes 255 bytes. */
export function labelOf({ reason, owner, until }: Flow): string {
  const who = [owner, until && `until ${until}`].filter(Boolean).join(', ')
  return (who ? `${reason} [${who}]` : reason).replaceAll(/["\\\n]/g, "'").slice(0, 240)
}

function comment(flow: Flow): readonly string[] {
  return ['-m', 'comment', '--comment', `"${labelOf(flow)}"`]
}

/** As the kernel prints it again: whole seconds, and the life of an entry (it would choose that by itself). */
function limited({ limit }: Flow): readonly string[] {
  if (!limit) return []
  const { perMinute, burst } = limit
  const rate = perMinute % 60 === 0 ? `${perMinute / 60}/sec` : `${perMinute}/min`
  return [
    ...['-m', 'hashlimit', '--hashlimit-upto', rate, '--hashlimit-burst', String(burst)],
    ...['--hashlimit-mode', 'srcip', '--hashlimit-name', 'provision'],
    ...['--hashlimit-htable-expire', '60000'],
  ]
}

function protocolMatch({ protocol, ports = [] }: Flow, family: Family): readonly string[] {
  if (protocol === 'vrrp') return ['-p', 'vrrp']
  if (protocol === 'ping')
    return family === 4
      ? ['-p', 'icmp', '-m', 'icmp', '--icmp-type', '8']
      : ['-p', 'ipv6-icmp', '-m', 'icmp6', '--icmpv6-type', '128']
  return ['-p', protocol, '-m', 'multiport', '--dports', ports.join(',')]
}

/** After Docker's DNAT the packet has the container's port: `--ctorigdstport` is the one that was published. */
function forwarded(external: string, published: readonly Flow[], family: Family): readonly Rule[] {
  const rule = (match: readonly string[], target: Rule['target']): Rule => ({
    chain: forwardChain,
    match: ['-i', external, ...match],
    target,
  })
  const allowed = published.flatMap((flow) =>
    sources(flow, family).flatMap((from) =>
      (flow.ports ?? []).map((port) =>
        rule(
          [
            ...(from === undefined ? [] : ['-s', from]),
            '-p',
            flow.protocol,
            '-m',
            'conntrack',
            '--ctorigdstport',
            String(port),
            '--ctdir',
            'ORIGINAL',
            ...comment(flow),
          ],
          'RETURN',
        ),
      ),
    ),
  )
  return [rule(established, 'RETURN'), ...allowed, rule([], 'DROP')]
}
