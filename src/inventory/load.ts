import { dirname } from 'node:path'
import type { TObject } from 'typebox'
import { type Failure, InputError, inputErrors } from '../errors.ts'
import type { Connection, Host } from '../model/host.ts'
import { type Path, readDocument, resolvePath, type SourceDocument } from './document.ts'
import { type GroupInfo, readGroups } from './groups.ts'
import { isPlainMap, type Layer, merge, type Origin, originsOf } from './layers.ts'
import { expandRange } from './range.ts'
import { type ConnectionEntry, InventoryFile } from './schema.ts'
import { selectHosts } from './select.ts'
import { problems } from './validate.ts'

export interface Inventory {
  readonly file: string
  /** In the order of the file. */
  readonly hosts: readonly Host[]
  readonly groups: ReadonlyMap<string, GroupInfo>
  /** Group, host, `all`, `*`; `a,b` unites, `!x` takes away. Throws InputError with the nearest name. */
  select(pattern: string): readonly Host[]
  /** A role's vars on a host, checked and with defaults. Throws InputError with every problem. */
  varsFor(host: Host, role: { readonly name: string; readonly vars: TObject }): unknown
  /** All that was said of a var, the winner first. */
  originsOf(host: Host, path: Path): readonly Origin[]
}

/** Loads and checks an inventory. Throws InputError with file:line:column for every problem at once. */
export function loadInventory(file: string, options: { readonly set?: readonly string[] } = {}): Inventory {
  const document = readDocument(file)
  const where = (path: Path, ofKey?: boolean) => document.where(path, ofKey)
  const failures: Failure[] = [...problems(InventoryFile, document.value, where, [])]
  if (failures.length > 0) throw inputErrors(failures)
  // Just validated against this very schema.
  const data = document.value as InventoryFile
  const entries = hostEntries(data, document, failures)
  const groups = readGroups(data, [...entries.keys()], document, failures)
  if (failures.length > 0) throw inputErrors(failures)

  const layers = new Map<string, { readonly vars: readonly Layer[]; readonly connection: readonly Layer[] }>()
  const hosts = [...entries].map(([name, keys]): Host => {
    const own = groups.chainOf(name)
    const paths: (readonly [string, Path])[] = [
      ['all', []],
      ...own.map((group) => [`group ${group}`, ['groups', group]] as const),
      ...keys.map((key) => [`host ${name}`, ['hosts', key]] as const),
    ]
    const of = (section: 'vars' | 'connection') =>
      paths.map(([level, path]) => layerOf(document, level, [...path, section]))
    const vars = [...of('vars'), ...(options.set ?? []).map(setLayer)]
    const connection = of('connection')
    layers.set(name, { vars, connection })
    const address = keys.map((key, i) => addressOf(data, key, name, i)).findLast((a) => a !== undefined)
    return {
      name,
      address: address ?? name,
      groups: own,
      vars: merge(vars),
      connection: connectionOf(merge(connection), dirname(file)),
    }
  })
  return {
    file,
    hosts,
    groups: groups.all,
    select: (pattern) => selectHosts(pattern, hosts, groups.all),
    varsFor(host, role) {
      const own = layers.get(host.name)?.vars ?? []
      const vars = structuredCopy(host.vars[role.name] ?? {})
      const found = problems(
        closed(role.vars),
        vars,
        (path) => originsOf(own, path)[0]?.where ?? nearestWhere(own, path, file),
        [role.name],
      )
      if (found.length > 0)
        throw inputErrors(found.map((f) => ({ ...f, why: `wanted by role ${role.name} on ${host.name}` })))
      return vars
    },
    originsOf: (host, path) => originsOf(layers.get(host.name)?.vars ?? [], path),
  }
}

/** Host name → the keys of `hosts` that speak of it: ranges first, then the plain one, which therefore wins. */
function hostEntries(
  data: InventoryFile,
  document: SourceDocument,
  failures: Failure[],
): Map<string, string[]> {
  const entries = new Map<string, string[]>()
  for (const key of Object.keys(data.hosts ?? {})) {
    const names = expandRange(key)
    if (!names) {
      failures.push({
        where: document.where(['hosts', key], true),
        what: `hosts.${key} is not a range such as db[1:3]`,
      })
      continue
    }
    for (const name of names) {
      const keys = entries.get(name) ?? []
      entries.set(name, key === name ? [...keys, key] : [key, ...keys])
    }
  }
  return entries
}

/** A range in the address moves with the range in the name. */
function addressOf(data: InventoryFile, key: string, name: string, _index: number): string | undefined {
  const address = data.hosts?.[key]?.address
  if (address === undefined || key === name) return address
  const names = expandRange(key) ?? []
  return expandRange(address)?.[names.indexOf(name)] ?? address
}

function layerOf(document: SourceDocument, level: string, path: Path): Layer {
  const value = path.reduce<unknown>(
    (inner, key) => (isPlainMap(inner) ? inner[String(key)] : undefined),
    document.value,
  )
  return { level, value, where: (inner) => document.where([...path, ...inner]) }
}

/** `--set role.key=value`; the value is read as JSON where it is JSON, else as text. */
function setLayer(text: string): Layer {
  const found = /^([^=]+)=(.*)$/s.exec(text)
  if (!found?.[1]) throw new InputError({ what: `--set takes role.key=value, not ${text}` })
  const value = found[1]
    .split('.')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), parsed(found[2] ?? ''))
  return { level: '--set', value, where: () => `--set ${text}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function connectionOf(entry: ConnectionEntry, folder: string): Connection {
  const path = (name: 'key' | 'knownHosts' | 'becomePasswordFile' | 'socket') =>
    entry[name] === undefined ? {} : { [name]: resolvePath(folder, entry[name]) }
  return {
    transport: 'ssh',
    become: false,
    hostKeys: [],
    connectTimeoutSeconds: 10,
    ...entry,
    ...path('key'),
    ...path('knownHosts'),
    ...path('becomePasswordFile'),
    ...path('socket'),
  }
}

/** A missing key is shown at the nearest thing above it that somebody wrote. */
function nearestWhere(layers: readonly Layer[], path: Path, file: string): string {
  for (let length = path.length; length > 0; length--) {
    const [origin] = originsOf(layers, path.slice(0, length))
    if (origin) return origin.where
  }
  return file
}

/** Objects that list their properties take no others, at any depth: a slip of the hand is an error, not a default. */
function closed(schema: object): object {
  return Object.fromEntries(
    Object.entries({ ...('properties' in schema ? { additionalProperties: false } : {}), ...schema }).map(
      ([key, value]) => {
        if (Array.isArray(value))
          return [key, value.map((v) => (typeof v === 'object' && v !== null ? closed(v) : v))]
        return [key, typeof value === 'object' && value !== null ? closed(value) : value]
      },
    ),
  )
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy)
  if (!isPlainMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCopy(inner)]))
}
