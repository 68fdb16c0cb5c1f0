import type { Host } from '../model/host.ts'
import { toJson } from '../secret/secret.ts'
import type { Path } from './document.ts'
import { isPlainMap } from './layers.ts'
import type { Inventory } from './load.ts'

/** `provision inventory list`: a line a host. */
export function formatList({ hosts }: Inventory): string {
  const width = Math.max(0, ...hosts.map((host) => host.name.length))
  return hosts
    .map((h) => `${h.name.padEnd(width)}  ${h.address}  ${h.groups.join(', ')}`.trimEnd())
    .join('\n')
}

/** `provision inventory graph`: groups with their children and hosts. */
export function formatGraph({ hosts, groups }: Inventory): string {
  const children = new Set([...groups.values()].flatMap((group) => group.children))
  const draw = (name: string, indent: string): string[] => {
    const group = groups.get(name)
    const inChildren = new Set(group?.children.flatMap((child) => [...(groups.get(child)?.hosts ?? [])]))
    return [
      `${indent}@${name}`,
      ...(group?.children ?? []).flatMap((child) => draw(child, `${indent}  `)),
      ...[...(group?.hosts ?? [])]
        .filter((host) => !inChildren.has(host))
        .map((host) => `${indent}  ${host}`),
    ]
  }
  const grouped = new Set([...groups.values()].flatMap((group) => [...group.hosts]))
  const loose = hosts.filter((host) => !grouped.has(host.name)).map((host) => `  ${host.name}`)
  return [
    '@all',
    ...[...groups.keys()].filter((name) => !children.has(name)).flatMap((name) => draw(name, '  ')),
    ...loose,
  ].join('\n')
}

/** `provision inventory show HOST`: every merged var and where it came from. */
export function formatShow(inventory: Inventory, host: Host): string {
  const rows = leaves(host.vars, []).map(([path, value]) => {
    const [winner, ...losers] = inventory.originOf(host, path)
    const over = losers.length > 0 ? `, over ${losers.map((l) => `${l.level} ${l.where}`).join(', ')}` : ''
    return `  ${path.join('.')} = ${toJson(value)}   (${winner?.level} ${winner?.where}${over})`
  })
  return [`${host.name}  ${host.address}  groups: ${host.groups.join(', ') || 'none'}`, ...rows].join('\n')
}

function leaves(value: unknown, path: Path): readonly (readonly [Path, unknown])[] {
  if (!isPlainMap(value) || (path.length > 0 && Object.keys(value).length === 0)) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
}
