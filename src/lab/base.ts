import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../errors.ts'
import { cache, foreign, suite } from './settings.ts'
import { runHere, succeeds } from './shell.ts'

const needed = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  zstd: 'zstd',
  ip: 'iproute2',
  ssh: 'openssh-client',
  pgrep: 'procps',
}

const packages = [
  'systemd-sysv',
  'systemd-resolved',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'iproute2',
  'iputils-ping',
  'ca-certificates',
  'kmod',
  'procps',
  'less',
  'netbase',
  'curl',
  'udev',
  'locales',
]

const hooks = [
  // What localedef makes is small; all of Debian's locales (locales-all) are not.
  `--customize-hook=chroot "$1" localedef -i de_DE -f UTF-8 ${foreign.locale}`,
  '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/resolv.conf; : > "$1"/etc/machine-id',
]

/** Installs the Debian packages that the lab itself needs. */
export async function installTools(): Promise<void> {
  const missing: string[] = []
  for (const [command, name] of Object.entries(needed))
    if (!(await succeeds('sh', '-c', `command -v ${command}`))) missing.push(name)
  if (missing.length === 0) return
  await runHere('apt-get', '-q', 'update')
  await runHere(
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-qy',
    '--no-install-recommends',
    'install',
    ...missing,
  )
}

export interface Mirrors {
  readonly main: string
  readonly security: string
}

/** The mirrors that this machine itself uses: none is written into the project. */
export function mirrors(): Mirrors {
  const file = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(existsSync)
  const text = file ? readFileSync(file, 'utf8') : ''
  const uris = [...text.matchAll(/^(?:URIs:|deb)\s+(?:\[[^\]]*\]\s+)?(\S+)/gm)].flatMap(
    ([, uri]) => uri ?? [],
  )
  const main = uris.find((uri) => !uri.includes('security'))
  if (!main) throw new CommandError({ what: "the lab found no Debian mirror in this machine's apt sources" })
  return { main, security: uris.find((uri) => uri.includes('security')) ?? `${main}-security` }
}

/** The base of container images as a tar file: what a registry would have as `debian:trixie`. Made once, then kept. */
export async function baseImage(): Promise<string> {
  const folder = join(cache, `image-${suite}`)
  const archive = join(folder, 'debian.tar')
  if (existsSync(archive)) return folder
  mkdirSync(folder, { recursive: true })
  await debootstrap(`${archive}.new.tar`, [
    '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/etc/resolv.conf "$1"/etc/hostname',
  ])
  renameSync(`${archive}.new.tar`, archive)
  return folder
}

/**
 * The unpacked root file system, read-only below every host. Made once (about a minute), then kept under a name that
 * says what is in it: another clone on this machine, which wants other packages, has a base of its own.
 */
export async function baseRoot(): Promise<string> {
  const recipe = createHash('sha256').update(JSON.stringify([packages, hooks]))
  const base = join(cache, `base-${suite}-${recipe.digest('hex').slice(0, 8)}`)
  if (existsSync(join(base, 'etc'))) return base
  mkdirSync(cache, { recursive: true })
  const half = `${base}.new`
  rmSync(half, { recursive: true, force: true })
  await debootstrap(half, [
    `--include=${packages.join(',')}`,
    '--aptopt=Apt::Install-Recommends "false"',
    ...hooks,
  ])
  // A root that was cut off half way must never be taken for a whole one.
  renameSync(half, base)
  return base
}

/** A smallest Debian of the lab's suite, as a folder or, where the name says so, a tar file. */
async function debootstrap(target: string, options: readonly string[]): Promise<void> {
  const { main, security } = mirrors()
  await runHere(
    'mmdebstrap',
    '--quiet',
    '--variant=minbase',
    '--mode=root',
    '--components=main',
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    ...options,
    suite,
    target,
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  )
}
