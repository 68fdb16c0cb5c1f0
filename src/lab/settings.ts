import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Where this lab keeps its state. Two labs on one machine need two folders; all names below follow from it. */
export const folder = resolve(process.env.PROVISION_LAB_DIR ?? join(root, '.lab'))

/** The base root file system and the apt cache outlive a lab: they are what makes the second one fast. */
export const cache = join(homedir(), '.cache', 'provision-lab')

const tag = createHash('sha256').update(folder).digest('hex').slice(0, 6)

/** Network namespace, cgroup and bridge. An interface name has at most 15 characters. */
export const namespace = `lab-${tag}`
export const bridge = `br-${tag}`
export const cgroup = `/sys/fs/cgroup/unified/lab-${tag}`

/** Debian's release on the hosts: `PROVISION_LAB_SUITE=bookworm provision lab up` for Debian 12. */
export const suite = process.env.PROVISION_LAB_SUITE ?? 'trixie'

/**
 * One host speaks another language and lives half an hour off: what reads a tool's words, or a clock's, shows it there.
 * The locale is generated in the base system.
 */
export const foreign = { host: 'h2', locale: 'de_DE.UTF-8', zone: 'Asia/Kolkata' } as const

export const gateway = '10.77.0.1'
export const proxyPort = 3142

export interface LabHost {
  readonly name: string
  readonly address: string
  readonly folder: string
  /** UNIX socket that leads to the host's sshd. */
  readonly socket: string
}

/** `h1` is 10.77.0.11, and so on. */
export function labHost(name: string): LabHost {
  const number = Number(/^h([1-9][0-9]?)$/.exec(name)?.[1])
  if (!number) throw new TypeError(`${name} is no host of the lab: h1, h2, …`)
  return {
    name,
    address: `10.77.0.${10 + number}`,
    folder: join(folder, 'hosts', name),
    socket: join(folder, 'ssh', `${name}.sock`),
  }
}

export function labHosts(count: number): readonly LabHost[] {
  return Array.from({ length: count }, (_, i) => labHost(`h${i + 1}`))
}
