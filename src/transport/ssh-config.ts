import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { Connection, Host } from '../model/host.ts'

/** Words of ssh_config(5) that we understand; each fills only what the inventory leaves open. */
type Settings = Readonly<Record<string, string | string[] | undefined>>

/**
 * Hosts as `~/.ssh/config` completes them, looked up by inventory name. The inventory wins; Match blocks that would
 * run commands are not asked. Throws InputError when the file cannot be parsed.
 */
export async function sshConfig(
  file = process.env.PROVISION_SSH_CONFIG ?? join(homedir(), '.ssh', 'config'),
): Promise<(host: Host) => Host> {
  if (!existsSync(file)) return (host) => host
  // Loaded only where there is such a file: start-up time is what a converged run consists of.
  const { default: SSHConfig } = await import('ssh-config')
  let config: InstanceType<typeof SSHConfig>
  try {
    config = SSHConfig.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new InputError({ where: file, what: 'cannot be read as an ssh_config', cause })
  }
  return (host) => complete(host, config.compute(host.name, { ignoreCase: true }) as Settings)
}

/** The host with what `settings` add to it. Pure. */
export function complete(host: Host, settings: Settings): Host {
  const of = new Map(Object.entries(settings).map(([key, value]) => [key.toLowerCase(), value]))
  const one = (key: string) => {
    const value = of.get(key)
    return Array.isArray(value) ? value[0] : value
  }
  const number = (key: string) => (one(key) === undefined ? undefined : Number(one(key)))
  const { connection } = host
  const file = of.get('identityfile')
  const keys = (Array.isArray(file) ? file : file === undefined ? [] : [file]).map(untilde)
  const found: Partial<Connection> = {
    ...some('port', number('port')),
    ...some('user', one('user')),
    ...some('jump', one('proxyjump') === 'none' ? undefined : one('proxyjump')),
    ...some('agent', one('identityagent') === 'none' ? undefined : untilde(one('identityagent'))),
    ...some('knownHosts', untilde(one('userknownhostsfile')?.split(' ')[0])),
    ...(keys.length > 0 && connection.key === undefined ? { keys } : {}),
  }
  // An address that is only the name again is none: the inventory left it open.
  const address = host.address === host.name ? (one('hostname') ?? host.address) : host.address
  return { ...host, address, connection: { ...found, ...connection } }
}

function some<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}

function untilde<T extends string | undefined>(path: T): T {
  return (path?.startsWith('~/') ? join(homedir(), path.slice(2)) : path) as T
}
