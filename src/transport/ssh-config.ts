import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type SSHConfig from 'ssh-config'
import { InputError } from '../errors.ts'
import type { Connection, Host } from '../model/host.ts'
import { usualKnownHosts } from './host-keys.ts'
import { matchesPatterns } from './patterns.ts'

/** Values by keyword, in lower case; the first wins, but for IdentityFile, which adds up. */
type Settings = ReadonlyMap<string, readonly string[]>

/** Words of ssh_config(5) that we understand; each fills only what the inventory leaves open. */
const understood = new Map<string, (c: Connection) => unknown>([
  ['hostname', () => undefined],
  ['user', (c) => c.user],
  ['port', (c) => c.port],
  ['identityfile', (c) => c.key],
  ['identityagent', (c) => c.agent],
  ['proxyjump', (c) => c.jump],
  ['userknownhostsfile', (c) => c.knownHosts],
  ['globalknownhostsfile', (c) => c.knownHosts],
  ['revokedhostkeys', () => undefined],
  ['hashknownhosts', () => undefined],
])

/**
 * Hosts as `~/.ssh/config` completes them, looked up by inventory name. The inventory wins. No program is ever run for it, so
 * it is evaluated here, where none can be: what only a program could decide (`Match exec`, ProxyCommand) is left out, and
 * `tell` gets a line for each host that it might have concerned. Throws InputError when the file cannot be parsed.
 */
export async function sshConfig(
  file = process.env.PROVISION_SSH_CONFIG ?? join(homedir(), '.ssh', 'config'),
  tell: (text: string) => void = console.error,
): Promise<(host: Host) => Host> {
  if (!existsSync(file)) return (host) => host
  // Loaded only where there is such a file: start-up time is what a converged run consists of.
  const { parse } = (await import('ssh-config')).default
  let config: SSHConfig
  try {
    config = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new InputError({ where: file, what: 'cannot be read as an ssh_config', cause })
  }
  const told = new Set<string>()
  return (host) => {
    const { settings, left } = settingsFor(config, host)
    for (const text of left) {
      const line = `${host.name}  ${file}: ${text}`
      if (!told.has(line)) tell(line)
      told.add(line)
    }
    return complete(host, settings)
  }
}

/** What the file says of a host, and what of it was left out. Pure: it reads nothing and runs nothing. */
export function settingsFor(
  config: SSHConfig,
  host: Host,
): { readonly settings: Settings; readonly left: readonly string[] } {
  const settings = new Map<string, string[]>()
  const left = new Set<string>()
  let wantsFinal = false

  const name = () => settings.get('hostname')?.[0] ?? host.name
  const user = () => host.connection.user ?? settings.get('user')?.[0] ?? userInfo().username
  const take = (line: Line) => {
    const key = line.param.toLowerCase()
    const before = settings.get(key)
    if (before === undefined) settings.set(key, [...words(line)])
    else if (key === 'identityfile') settings.set(key, [...new Set([...before, ...words(line)])])
  }
  /** Undefined: nobody can say without running something. */
  const holds = (criterion: string, value: string, isFinal: boolean): boolean | undefined => {
    const list = value.split(',')
    switch (criterion) {
      case 'all':
        return true
      case 'final':
        wantsFinal = true
        return isFinal
      case 'host':
        return matchesPatterns(list, name())
      case 'originalhost':
        return matchesPatterns(list, host.name)
      case 'user':
        return matchesPatterns(list, user())
      case 'localuser':
        return matchesPatterns(list, userInfo().username)
      case 'canonical':
        return settings.has('canonicalizehostname') ? undefined : false
      default:
        return undefined
    }
  }
  const applies = (line: Line, isFinal: boolean): boolean | undefined => {
    let isCertain = true
    for (const { criterion, isNegated, value } of criteriaOf(words(line))) {
      const answer = holds(criterion, value, isFinal)
      if (answer === isNegated) return false
      if (answer === undefined) isCertain = false
    }
    return isCertain ? true : undefined
  }
  const leave = (line: Line) => {
    const missing = linesOf(line.config ?? [])
      .map(({ param }) => param)
      .filter((param) => {
        const key = param.toLowerCase()
        const isGiven =
          key === 'hostname' ? host.address !== host.name : understood.get(key)?.(host.connection)
        return understood.has(key) && !isGiven && (!settings.has(key) || key === 'identityfile')
      })
    if (missing.length > 0)
      left.add(
        `"Match ${words(line).join(' ')}" is left out, because provision runs no program to decide it; what it says (${[...new Set(missing)].join(', ')}) must be in the inventory if it is to hold`,
      )
  }
  const pass = (isFinal: boolean) => {
    for (const line of linesOf(config)) {
      const section = line.param.toLowerCase()
      if (section !== 'host' && section !== 'match') take(line)
      else {
        const isMatch = section === 'match'
        const called = isFinal ? name() : host.name
        const answer = isMatch ? applies(line, isFinal) : matchesPatterns(words(line), called)
        if (answer) for (const inner of linesOf(line.config ?? [])) take(inner)
        else if (answer === undefined) leave(line)
      }
    }
  }
  pass(false)
  if (wantsFinal) pass(true)
  for (const text of programs(settings, host)) left.add(text)
  return { settings, left: [...left] }
}

/** Keywords that would run a program, or ask a name service, and matter to this host. */
function programs(settings: Settings, { name, address, connection }: Host): readonly string[] {
  const is = (key: string) => !['no', 'none', undefined].includes(settings.get(key)?.[0]?.toLowerCase())
  const isDirect = connection.jump === undefined && connection.socket === undefined && !is('proxyjump')
  return [
    ...(is('proxycommand') && isDirect
      ? ['ProxyCommand is not run: the host is connected to directly; a jump host goes into connection.jump']
      : []),
    ...(is('knownhostscommand') && connection.hostKeys.length === 0
      ? ['KnownHostsCommand is not run: host keys are those of known_hosts and of connection.hostKeys']
      : []),
    ...(is('canonicalizehostname') && address === name
      ? ['CanonicalizeHostname is not followed: the whole name goes into the inventory, as address']
      : []),
  ]
}

/** A directive of the file; of Host and Match also what stands under it. */
interface Line {
  readonly param: string
  readonly value: string | readonly { readonly val: string }[]
  readonly config?: Iterable<unknown>
}

function linesOf(config: Iterable<unknown>): readonly Line[] {
  return [...config].filter((line): line is Line => typeof (line as Partial<Line>).param === 'string')
}

function words({ param, value }: Line): readonly string[] {
  if (typeof value !== 'string') return value.map(({ val }) => val)
  return /^host$/i.test(param) ? value.split(',') : [value]
}

interface Criterion {
  readonly criterion: string
  readonly isNegated: boolean
  readonly value: string
}

function criteriaOf(list: readonly string[]): readonly Criterion[] {
  const found: Criterion[] = []
  for (let i = 0; i < list.length; i++) {
    const word = (list[i] ?? '').toLowerCase()
    const criterion = word.replace(/^!/, '')
    const hasValue = !['all', 'canonical', 'final'].includes(criterion)
    found.push({ criterion, isNegated: word !== criterion, value: hasValue ? (list[++i] ?? '') : '' })
  }
  return found
}

/** The host with what `settings` add to it. Pure. */
export function complete(host: Host, settings: Settings): Host {
  const one = (key: string) => settings.get(key)?.[0]
  const other = (key: string) => (one(key) === 'none' ? undefined : one(key))
  const number = (key: string) => (one(key) === undefined ? undefined : Number(one(key)))
  const { connection } = host
  const keys = (settings.get('identityfile') ?? []).map(untilde)
  const found: Partial<Connection> = {
    ...some('port', number('port')),
    ...some('user', one('user')),
    ...some('jump', other('proxyjump')),
    ...some('agent', untilde(other('identityagent'))),
    ...(connection.knownHosts === undefined ? knownHosts(settings) : {}),
    ...some('revokedHostKeys', untilde(other('revokedhostkeys'))),
    ...(one('hashknownhosts')?.toLowerCase() === 'yes' ? { hashKnownHosts: true } : {}),
    ...(keys.length > 0 && connection.key === undefined ? { keys } : {}),
  }
  // An address that is only the name again is none: the inventory left it open.
  const address = host.address === host.name ? (one('hostname') ?? host.address) : host.address
  return { ...host, address, connection: { ...found, ...connection } }
}

function knownHosts(settings: Settings): Pick<Connection, 'knownHosts' | 'moreKnownHosts'> {
  const user = settings.get('userknownhostsfile')
  const global = settings.get('globalknownhostsfile')
  if (!user && !global) return {}
  const files = (list: readonly string[] | undefined, usual: readonly string[]) =>
    (list ?? usual).filter((file) => file !== 'none').map(untilde)
  const [first = '/dev/null', ...more] = files(user, usualKnownHosts.user())
  return { knownHosts: first, moreKnownHosts: [...more, ...files(global, usualKnownHosts.global())] }
}

function some<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}

function untilde<T extends string | undefined>(path: T): T {
  return (path?.startsWith('~/') ? join(homedir(), path.slice(2)) : path) as T
}
