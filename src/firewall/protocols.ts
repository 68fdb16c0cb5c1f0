/** Names that iptables-save prints (from its own table and from /etc/protocols of Debian), and common aliases. */
const numbers: Readonly<Record<string, number>> = {
  all: 0,
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  icmp6: 58,
  ospf: 89,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  mh: 135,
  'ipv6-mh': 135,
  'mobility-header': 135,
  udplite: 136,
}

const names = new Map(
  Object.entries(numbers)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
)

/** Undefined when we do not know the name: another machine's /etc/protocols may. */
export function protocolNumber(name: string | number): number | undefined {
  if (typeof name === 'number') return name
  if (/^\d{1,3}$/.test(name)) return Number(name) <= 255 ? Number(name) : undefined
  return Object.hasOwn(numbers, name.toLowerCase()) ? numbers[name.toLowerCase()] : undefined
}

export const protocolName = (number: number): string => names.get(number) ?? String(number)

export const tcp = 6
export const icmpOf = { 4: 1, 6: 58 } as const

/** tcp, udp, dccp, sctp, udplite: their headers begin with a source and a destination port. */
export const hasPorts = (protocol: number): boolean => [6, 17, 33, 132, 136].includes(protocol)
