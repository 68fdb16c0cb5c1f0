import type { Interface, Route } from '../firewall/packet.ts'

/** A unit of systemd, as `systemctl show` describes it. */
export interface Unit {
  readonly load: string
  readonly active: string
  readonly enabled: string
  readonly dropIns: readonly string[]
}

/** A table of nftables that iptables does not show, and where it meets packets. */
export interface ForeignTable {
  /** `inet firewalld` */
  readonly name: string
  /** `input`, `prerouting`, … */
  readonly hooks: readonly string[]
}

/** Reads `ip -j addr`: every interface with its addresses. */
export function parseAddresses(text: string): readonly Interface[] {
  const list = JSON.parse(text) as {
    readonly ifname: string
    readonly linkinfo?: { readonly info_kind?: string }
    readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[]
  }[]
  return list.map(({ ifname, addr_info = [] }) => ({
    name: ifname,
    addresses: addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  }))
}

/** Reads `date +%s; cat /proc/uptime`. */
export function parseClock(
  text: string,
): { readonly nowSeconds: number; readonly uptimeSeconds: number } | undefined {
  const [, now, up] = /^(\d+)\n([\d.]+) /.exec(text) ?? []
  return now && up ? { nowSeconds: Number(now), uptimeSeconds: Number(up) } : undefined
}

/** Reads `ip -j route; ip -j -6 route`. */
export function parseRoutes(text: string): readonly Route[] {
  const lists = text
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => JSON.parse(line) as { readonly dst: string; readonly dev?: string }[])
  return lists.flatMap((list, i) =>
    list.flatMap(({ dst, dev }) =>
      dev ? [{ network: dst === 'default' ? (i === 0 ? '0.0.0.0/0' : '::/0') : dst, interface: dev }] : [],
    ),
  )
}

/** Reads `grep -H . /proc/sys/…`: `net.ipv4.ip_forward` → `1`. The first line of a file counts. */
export function parseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  for (const [, path = '', value = ''] of text.matchAll(/^\/proc\/sys\/([^:]+):(.*)$/gm)) {
    const key = path.replaceAll('/', '.')
    if (!settings.has(key)) settings.set(key, value.trim())
  }
  return settings
}

/** Reads `systemctl show -p Id,LoadState,…` of several units. */
export function parseUnits(text: string): ReadonlyMap<string, Unit> {
  const units = new Map<string, Unit>()
  for (const part of text.split(/\n\n+/)) {
    const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(part)?.[1] ?? ''
    if (of('Id'))
      units.set(of('Id'), {
        load: of('LoadState'),
        active: of('ActiveState'),
        enabled: of('UnitFileState'),
        dropIns: of('DropInPaths').split(' ').filter(Boolean),
      })
  }
  return units
}

/** iptables' own tables: what they hold stands in iptables-save. */
const known = new Set(['filter', 'nat', 'mangle', 'raw', 'security'])

/** Reads `nft -j list chains`. A table without a hook meets no packet and is left out. */
export function parseTables(text: string): readonly ForeignTable[] {
  const { nftables } = JSON.parse(text) as {
    readonly nftables: {
      readonly chain?: { readonly family: string; readonly table: string; readonly hook?: string }
    }[]
  }
  const hooks = new Map<string, Set<string>>()
  for (const { chain } of nftables) {
    if (!chain?.hook) continue
    if ((chain.family === 'ip' || chain.family === 'ip6') && known.has(chain.table)) continue
    const name = `${chain.family} ${chain.table}`
    hooks.set(name, (hooks.get(name) ?? new Set()).add(chain.hook))
  }
  return [...hooks].map(([name, of]) => ({ name, hooks: [...of].sort() }))
}

/** Reads `sshd -T`: option in lower case → values. */
export function parseSshd(text: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>()
  for (const [, name = '', value = ''] of text.matchAll(/^(\S+) (.*)$/gm))
    options.set(name, [...(options.get(name) ?? []), value])
  return options
}
