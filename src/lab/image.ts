import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { mirrors } from './base.ts'
import { folder, foreign, gateway, type LabHost, proxyPort, suite } from './settings.ts'
import { runHere } from './shell.ts'

/** Private key that logs in to every host of the lab. */
export const privateKey = join(folder, 'id_ed25519')

export async function makeKey(): Promise<void> {
  if (existsSync(privateKey)) return
  await runHere('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', privateKey)
}

/** The password of the user `pw`, for trying sudo that asks. A lab's, never a secret. */
export const labPassword = 'lab-password'

/** Turns the bare root file system into one host: names, network, keys, users. Everything else is provision's work. */
export async function personalise(root: string, host: LabHost): Promise<void> {
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('etc/hostname', `${host.name}\n`)
  write('etc/hosts', `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${host.name}\n`)
  write('etc/apt/apt.conf.d/01lab-proxy', `Acquire::http::Proxy "http://${gateway}:${proxyPort}";\n`)
  // A lab is thrown away: packages are not flushed file by file (6 ms each on a small machine, thousands of them).
  write('etc/dpkg/dpkg.cfg.d/lab', 'force-unsafe-io\n')
  const { main, security } = mirrors()
  rmSync(join(root, 'etc/apt/sources.list'), { force: true })
  write(
    'etc/apt/sources.list.d/debian.sources',
    [`URIs: ${main}\nSuites: ${suite} ${suite}-updates`, `URIs: ${security}\nSuites: ${suite}-security`]
      .map(
        (part) =>
          `Types: deb\n${part}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
      )
      .join('\n'),
  )
  write(
    'etc/systemd/network/10-lab.network',
    `[Match]\nKind=veth\nName=host0\n[Network]\nAddress=${host.address}/24\nGateway=${gateway}\nLinkLocalAddressing=ipv6\n`,
  )
  rmSync(join(root, 'etc/resolv.conf'), { force: true })
  write('etc/resolv.conf', `nameserver ${gateway}\n`)
  enable(root, '/usr/lib/systemd/system/systemd-networkd.service', 'multi-user.target.wants')
  shim(root, write)
  if (host.name === foreign.host) goAbroad(root, write)
  await users(root)
  // Ed25519 only: making an RSA key would take longer than the boot.
  await runHere(
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    host.name,
    '-f',
    join(root, 'etc/ssh/ssh_host_ed25519_key'),
  )
}

/** What a host may not do here is done for it beforehand: kernel values of its own, and a clock nobody sets. */
function shim(root: string, write: (path: string, text: string) => void): void {
  mkdirSync(join(root, 'usr/local/sbin'), { recursive: true })
  cpSync(join(import.meta.dirname, 'shim.sh'), join(root, 'usr/local/sbin/lab-shim'))
  write(
    'etc/systemd/system/lab-shim.service',
    '[Unit]\nDefaultDependencies=no\nBefore=systemd-sysctl.service systemd-tmpfiles-setup.service sysinit.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/bash /usr/local/sbin/lab-shim\n',
  )
  enable(root, '../lab-shim.service', 'sysinit.target.wants')
  write(
    'etc/systemd/system/chrony.service.d/lab.conf',
    '[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS\n',
  )
}

/** systemd's services, logins (pam_env) and cron read /etc/locale.conf, to which Debian's /etc/default/locale points. */
function goAbroad(root: string, write: (path: string, text: string) => void): void {
  write('etc/locale.conf', `LANG=${foreign.locale}\n`)
  rmSync(join(root, 'etc/localtime'))
  symlinkSync(`/usr/share/zoneinfo/${foreign.zone}`, join(root, 'etc/localtime'))
}

async function users(root: string): Promise<void> {
  const key = readFileSync(`${privateKey}.pub`, 'utf8')
  for (const name of ['root', 'ops', 'pw']) {
    if (name !== 'root')
      await runHere('chroot', root, 'useradd', '--create-home', '--shell', '/bin/bash', name)
    const home = join(root, name === 'root' ? 'root' : `home/${name}`)
    mkdirSync(join(home, '.ssh'), { mode: 0o700, recursive: true })
    writeFileSync(join(home, '.ssh/authorized_keys'), key, { mode: 0o600 })
    if (name !== 'root') await runHere('chroot', root, 'chown', '-R', `${name}:`, `/home/${name}/.ssh`)
  }
  await runHere('sh', '-c', `echo 'pw:${labPassword}' | chroot "$0" chpasswd`, root)
  const sudoers = join(root, 'etc/sudoers.d/lab')
  writeFileSync(sudoers, 'ops ALL=(ALL) NOPASSWD: ALL\npw ALL=(ALL) ALL\n')
  chmodSync(sudoers, 0o440)
}

function enable(root: string, unit: string, target: string): void {
  const wants = join(root, 'etc/systemd/system', target)
  mkdirSync(wants, { recursive: true })
  const link = join(wants, unit.slice(unit.lastIndexOf('/') + 1))
  if (!existsSync(link)) symlinkSync(unit, link)
}
