import { basename, dirname } from 'node:path'
import type { TObject } from 'typebox'
import { type Failure, InputError, inputErrors } from '../errors.ts'
import type { Connection, Host } from '../model/host.ts'
import { closed } from './closed.ts'
import { type Path, readDocument, type SourceDocument } from './document.ts'
import type { Problem } from './explain.ts'
import { type GroupInfo, readGroups } from './groups.ts'
import { readHosts } from './hosts.ts'
import { isPlainMap, type Layer, merge, type Origin, originsOf, valueAt, whereIn } from './layers.ts'
import {
  anyVars,
  type ConnectionEntry,
  connectionSchema,
  type InventoryFile,
  inventoryShape,
} from './schema.ts'
import { resolvePath } from './secret-tag.ts'
import { selectHosts } from './select.ts'
import { setLayer } from './set.ts'
import { completed, problems } from './validate.ts'

export interface Inventory {
  readonly file: string
  /** In the order of the file. */
  readonly hosts: readonly Host[]
  readonly groups: ReadonlyMap<string, GroupInfo>
  /** Every role name under a `vars`, also of groups without hosts. */
  readonly declared: readonly { readonly role: string; readonly where: string }[]
  readonly secrets: {
    readonly file: string
    readonly identity: string
    readonly recipients: readonly string[]
  }
  /** Group, host, `all`, glob; `a,b` unites, `!x` takes away. Throws InputError with the nearest name. */
  select(pattern: string): readonly Host[]
  /** A role's vars on a host, checked and with defaults. Throws InputError with every problem. */
  varsFor(host: Host, role: VarsOwner): unknown
  /** What is wrong with a role's vars on a host. */
  problemsOf(host: Host, role: VarsOwner): readonly Problem[]
  /** Where the file says how a host is reached. */
  whereOf(host: Host): string
  /** All that was said of a var, the winner first. */
  originOf(host: Host, path: Path): readonly Origin[]
}

/** What checking vars needs to know of a role. */
export interface VarsOwner {
  readonly name: string
  readonly vars: TObject
}

/** Loads and checks an inventory; `without` leaves a host out, as if the file did not name it. Throws InputError with file:line:column for every problem at once. */
export function loadInventory(
  file: string,
  options: {
    readonly set?: readonly string[]
    readonly without?: string
    /** For commands that connect to nobody. */
    readonly mayBeEmpty?: boolean
  } = {},
): Inventory {
  const sets = (options.set ?? []).map(setLayer)
  const document = readDocument(file)
  const failures: Failure[] = [
    ...problems(inventoryShape(anyVars, connectionSchema), document.value, document.where, []),
  ]
  if (failures.length > 0) throw inputErrors(failures)
  // Just validated against this very shape.
  const data = document.value as InventoryFile
  const named = readHosts(data, document, failures)
  const groups = readGroups(data, [...named.keys()], document, failures)
  if (failures.length > 0) throw inputErrors(failures)

  const layers = new Map<string, readonly Layer[]>()
  const ways = new Map<string, readonly Layer[]>()
  const present = [...named].filter(([name]) => name !== options.without)
  const hosts = present.map(([name, { address, keys }]): Host => {
    const own = groups.chainOf(name)
    // The one place of precedence: weakest first.
    const levels: readonly (readonly [string, Path])[] = [
      ['all', []],
      ...own.map((group) => [`group ${group}`, ['groups', group]] as const),
      ...keys.map((key) => [`host ${name}`, ['hosts', key]] as const),
    ]
    const of = (section: 'vars' | 'connection') =>
      levels.map(([level, path]) => layerOf(document, level, [...path, section]))
    const vars = [...of('vars'), ...sets]
    layers.set(name, vars)
    ways.set(name, of('connection'))
    return {
      name,
      address,
      groups: own,
      vars: merge(vars),
      connection: connectionOf(merge(of('connection')), dirname(file)),
    }
  })
  if (hosts.length === 0 && !options.mayBeEmpty)
    throw new InputError({
      where: file,
      what: 'the inventory has no hosts',
      next: 'name them: hosts: { db1: }',
    })
  const twins = sameMachine(hosts, (name) =>
    document.where(['hosts', named.get(name)?.keys.at(-1) ?? name], true),
  )
  if (twins.length > 0) throw inputErrors(twins)
  const layersOf = (host: Host) => layers.get(host.name) ?? []
  const check = (host: Host, role: VarsOwner) => {
    const where = whereIn(layersOf(host), file)
    const { value, failures } = completed(closed(role.vars), host.vars[role.name] ?? {}, where, [role.name])
    const why = `wanted by role ${role.name} on ${host.name}`
    return { value, failures: failures.map((f) => ({ ...f, why })) }
  }
  return {
    file,
    hosts,
    groups: groups.all,
    secrets: secretsOf(data, file),
    declared: [...declaredLayers(data, document), ...sets].flatMap((layer) =>
      isPlainMap(layer.value)
        ? Object.keys(layer.value).map((role) => ({ role, where: layer.where([role], true) }))
        : [],
    ),
    select: (pattern) => selectHosts(pattern, hosts, groups.all),
    varsFor(host, role) {
      const { value, failures } = check(host, role)
      if (failures.length > 0) throw inputErrors(failures)
      return value
    },
    problemsOf: (host, role) => check(host, role).failures,
    whereOf(host) {
      const way = ways.get(host.name) ?? []
      const said = ['user', 'become'].find((key) => originsOf(way, [key]).length > 0)
      return said
        ? whereIn(way, file)([said])
        : document.where(['hosts', named.get(host.name)?.keys.at(-1) ?? host.name], true)
    },
    originOf: (host, path) => originsOf(layersOf(host), path),
  }
}

/** Two names for one machine would wait for each other's lock. Another port, or another way to it, leads to another one. */
function sameMachine(hosts: readonly Host[], whereOf: (name: string) => string): readonly Failure[] {
  const seen = new Map<string, string>()
  return hosts.flatMap(({ name, address, connection }): Failure[] => {
    const { transport, port = 22, jump = '', socket = '' } = connection
    const way = transport === 'local' ? 'local' : JSON.stringify([address.toLowerCase(), port, jump, socket])
    const other = seen.get(way)
    if (other === undefined) {
      seen.set(way, name)
      return []
    }
    const both = transport === 'local' ? 'this machine itself' : `${address}, port ${port}`
    return [
      {
        where: whereOf(name),
        what: `${other} and ${name} are one machine: both are ${both}`,
        next: 'one machine has one name; put it into several groups where it has several tasks. Behind one address, each has its own connection.port',
      },
    ]
  })
}

function secretsOf({ secrets = {} }: InventoryFile, file: string): Inventory['secrets'] {
  const folder = dirname(file)
  const identity = process.env.PROVISION_AGE_KEY_FILE
  return {
    file: resolvePath(folder, secrets.file ?? basename(file).replace(/\.ya?ml$/, '.secrets.age')),
    identity: identity ?? resolvePath(folder, secrets.identity ?? '~/.config/provision/age.key'),
    recipients: secrets.recipients ?? [],
  }
}

function layerOf(document: SourceDocument, level: string, path: Path): Layer {
  return {
    level,
    value: valueAt(document.value, path),
    where: (inner, ofKey) => document.where([...path, ...inner], ofKey),
  }
}

function declaredLayers(data: InventoryFile, document: SourceDocument): readonly Layer[] {
  const inside = (section: 'groups' | 'hosts') =>
    Object.keys(data[section] ?? {}).map((key) => [section, key])
  return [[], ...inside('groups'), ...inside('hosts')].map((path) => layerOf(document, '', [...path, 'vars']))
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
