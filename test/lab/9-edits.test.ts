import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  authorizedKey,
  block,
  command,
  directory,
  file,
  hostsFile,
  line,
  mount,
  noSwap,
  type Resources,
  sh,
  user,
} from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import type { Script } from '../../src/shell/sh.ts'
import { connection } from './connection.ts'
import { converge, on } from './engine.ts'

// What is not ours stays, on real hosts: one of them speaks German (src/lab/settings.ts).

let hosts: readonly Host[]
const keys = mkdtempSync(join(tmpdir(), 'provision-keys-'))

beforeAll(async () => {
  hosts = (await up(2)).map((host) => connection(host))
  await everywhere(sh`mkdir -p /etc/t`)
})
afterAll(async () => {
  rmSync(keys, { recursive: true })
  await down()
})

/** What a script says, on both hosts alike. */
async function everywhere(script: Script): Promise<string> {
  const [first = '', ...others] = await Promise.all(hosts.map((host) => on(host, script)))
  for (const other of others) expect(other).toBe(first)
  return first
}

/** Converges both hosts, and again: the second run changes nothing. */
async function twice(wish: () => Resources): Promise<void> {
  expect((await converge(hosts, wish)).failures).toEqual([])
  const again = await converge(hosts, wish)
  expect([again.failures, again.events.filter((e) => e.type === 'applied')]).toEqual([[], []])
}

/** Both hosts refuse. Gives what the first says. */
async function refused(wish: () => Resources): Promise<string> {
  const { failures } = await converge(hosts, wish)
  expect(failures.length).toBe(hosts.length)
  return failures[0] ?? ''
}

function newKey(name: string): string {
  const path = join(keys, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@laptop`, '-f', path])
  return readFileSync(`${path}.pub`, 'utf8').trim()
}

test('scripts run in the C locale and in UTC, whatever the host and the login speak', async () => {
  for (const more of [{}, { user: 'ops', become: true }]) {
    const said = await Promise.all(
      hosts.map((host) =>
        on(
          { ...host, connection: { ...host.connection, ...more } },
          sh`ls /nicht-da 2>&1 || :; date +%Z; sh -c 'echo $LC_ALL'`,
        ),
      ),
    )
    expect(said).toEqual(hosts.map(() => "ls: cannot access '/nicht-da': No such file or directory\nUTC\nC"))
  }
})

test('A1, A2: a NUL, Latin-1 and all other bytes of /etc/hosts and a file stay', async () => {
  await everywhere(
    sh`printf 'keep=1\0x\nkeep=2\n' >/etc/t/nul; printf '10.9.9.9 old # B\374ro\n10.9.9.8 keep\n' >>/etc/hosts`,
  )
  await twice(() => [
    line('/etc/t/nul', { line: 'new line' }),
    hostsFile('peers', [{ address: '10.77.0.12', names: ['h2'] }]),
    line('/etc/hosts', { line: '10.9.9.7 added' }),
  ])
  expect(await everywhere(sh`od -An -c /etc/t/nul | tr -d ' \n'`)).toBe(
    String.raw`keep=1\0x\nkeep=2\nnewline\n`,
  )
  expect(await everywhere(sh`tail -n 6 /etc/hosts | od -An -c | tr -d ' \n'`)).toBe(
    String.raw`10.9.9.9old#B374ro\n10.9.9.8keep\n#BEGINprovisionpeers\n10.77.0.12h2\n#ENDprovisionpeers\n10.9.9.7added\n`,
  )
})

test('A2b: a user whose name for people is Latin-1 is found', async () => {
  await everywhere(sh`useradd -m hans; usermod -c "$(printf 'Hans M\374ller')" hans`)
  const before = await everywhere(sh`grep -a ^hans: /etc/passwd | od -An -c | grep -o 374`)
  await twice(() => user('hans', { shell: '/bin/bash' }))
  expect([before, await everywhere(sh`grep -a ^hans: /etc/passwd | od -An -c | grep -o 374`)]).toEqual([
    '374',
    '374',
  ])
})

test('A3: a block without its END is refused with its line, and nothing is changed', async () => {
  await everywhere(sh`printf '%s\n' head '# BEGIN provision x' one 'other owner line' >/etc/t/block`)
  const said = await refused(() => [block('/etc/t/block', { name: 'x', content: 'one\ntwo\n' })])
  expect(said).toMatch(
    /test\/lab\/9-edits\.test\.ts:\d+ +h1 .*\/etc\/t\/block: block x: BEGIN without END at line 2[\s\S]*mend the marks by hand/,
  )
  expect(await everywhere(sh`wc -l </etc/t/block; ls -A /etc/t | grep -c provision || :`)).toBe('4\n0')
})

test('A4: a key is added to a file without a last newline, and logs in; the old one stays', async () => {
  const [old, wanted, locked] = [newKey('old'), newKey('new'), newKey('locked')]
  await everywhere(
    sh`useradd -m -s /bin/sh bob; mkdir -p ~bob/.ssh; printf %s ${old} >~bob/.ssh/authorized_keys`,
  )
  await twice(() => [
    authorizedKey('bob', wanted),
    authorizedKey('bob', `command="echo only this" ${locked}`),
  ])
  expect(await everywhere(sh`cat ~bob/.ssh/authorized_keys; stat -c '%U %a' ~bob/.ssh/authorized_keys`)).toBe(
    `${old}\n${wanted}\ncommand="echo only this" ${locked}\nbob 644`,
  )
  for (const host of hosts) {
    const login = { ...host, connection: { ...host.connection, user: 'bob' } }
    for (const name of ['old', 'new'])
      expect(
        await on({ ...login, connection: { ...login.connection, key: join(keys, name) } }, sh`id -un`),
      ).toBe('bob')
  }
  await twice(() => authorizedKey('bob', wanted, { ensure: 'absent' }))
  expect(await everywhere(sh`grep -c . ~bob/.ssh/authorized_keys`)).toBe('2')
})

test('A8: authorized_keys that is a link stays one; one that would lead root astray is refused', async () => {
  const key = newKey('linked')
  await everywhere(sh`useradd -m eve; install -d -o eve -g eve -m 700 ~eve/.ssh
su eve -c 'echo "# mine" >~/.ssh/keys; ln -s keys ~/.ssh/authorized_keys'`)
  await twice(() => authorizedKey('eve', key))
  expect(await everywhere(sh`readlink ~eve/.ssh/authorized_keys; cat ~eve/.ssh/keys`)).toBe(
    `keys\n# mine\n${key}`,
  )
  await everywhere(sh`su eve -c 'ln -sf /etc/shadow ~/.ssh/authorized_keys'; cp -a /etc/shadow /etc/t/shadow`)
  const said = await refused(() => authorizedKey('eve', key))
  expect(said).toContain(
    "leads to /etc/shadow, which is not eve's, by a link that eve may have made: nothing was written",
  )
  await everywhere(sh`cmp /etc/shadow /etc/t/shadow`)
})

test('a user that is not there yet gets its key in the same run; without a home it is told', async () => {
  const key = newKey('later')
  await twice(() => [user('carl'), authorizedKey('carl', key)])
  await everywhere(sh`useradd -M nohome`)
  expect(await refused(() => authorizedKey('nohome', key))).toContain(
    'the home of nohome, /home/nohome, is not there',
  )
  expect(await refused(() => authorizedKey('nobody-at-all', key))).toContain('there is no user nobody-at-all')
})

test('A11: a mount point with a final /, or behind a link, is mounted once', async () => {
  await everywhere(sh`mkdir -p /srv/real /mnt; ln -sfn /srv/real /mnt/link`)
  const wish = () => [
    mount('/mnt/slash/', { device: 'tmpfs', fstype: 'tmpfs' }),
    mount('/mnt/link/', { device: 'tmpfs', fstype: 'tmpfs', options: ['nodev'] }),
  ]
  await twice(wish)
  expect(
    await everywhere(sh`grep -c ' /mnt/slash \| /srv/real ' /proc/self/mounts; grep -c '/mnt/' /etc/fstab`),
  ).toBe('2\n2')
  await twice(() => ['/mnt/slash', '/mnt/link'].map((path) => mount(path, { ensure: 'absent' })))
  expect(
    await everywhere(
      sh`grep -c ' /mnt/slash \| /srv/real ' /proc/self/mounts || :; grep -c '/mnt/' /etc/fstab || :`,
    ),
  ).toBe('0\n0')
})

test('A12: blanks and backslashes in a mount point; other lines of fstab keep their bytes and place', async () => {
  const others = String.raw`# B\374ro\n/dev/nothing\t /srv/\374  ext4   noauto\t0 0\n`
  await everywhere(sh`printf ${others} >/etc/fstab; chmod 640 /etc/fstab`)
  const before = await everywhere(sh`sha256sum </etc/fstab`)
  const wish = () => [
    mount('/mnt/my disk', { device: 'tmpfs', fstype: 'tmpfs', options: ['size=1m'] }),
    mount('/mnt/back\\slash\ttab', { device: 'tmpfs', fstype: 'tmpfs' }),
  ]
  await twice(wish)
  expect(
    await everywhere(
      sh`tail -n 2 /etc/fstab; findmnt -nro TARGET --mountpoint '/mnt/my disk' | wc -l; stat -c %a /etc/fstab`,
    ),
  ).toBe(
    String.raw`tmpfs /mnt/my\040disk tmpfs size=1m 0 0
tmpfs /mnt/back\134slash\011tab tmpfs defaults 0 0
1
640`,
  )
  await everywhere(sh`umount '/mnt/my disk'; mount -a; mountpoint -q '/mnt/my disk'`)
  await twice(() =>
    ['/mnt/my disk/', '/mnt/back\\slash\ttab'].map((path) => mount(path, { ensure: 'absent' })),
  )
  expect(await everywhere(sh`sha256sum </etc/fstab`)).toBe(before)
})

test('two lines of one mount point are refused; swap goes by its type, and other bytes stay', async () => {
  await everywhere(
    sh`printf '/dev/a /mnt/two ext4\n/dev/b /mnt/two/ ext4\n  /dev/s\t none  swap sw\n#x swap swap\nLABEL=\374 /swap ext4' >/etc/fstab`,
  )
  expect(await refused(() => mount('/mnt/two', { device: '/dev/a', fstype: 'ext4' }))).toContain(
    '/etc/fstab has 2 lines for /mnt/two, at 1 and 2',
  )
  await twice(() => noSwap())
  expect(await everywhere(sh`tail -n +3 /etc/fstab | od -An -c | tr -d ' \n'`)).toBe(
    String.raw`#/dev/s\tnoneswapsw\n#xswapswap\nLABEL=374/swapext4`,
  )
  await everywhere(sh`: >/etc/fstab`)
})

test('D23: a full disk is named, and nothing stays beside the file', async () => {
  await everywhere(
    sh`mkdir -p /mnt/full; mount -t tmpfs -o size=64k tmpfs /mnt/full; head -c 40000 /dev/zero | tr '\0' x >/mnt/full/f`,
  )
  const long = 'y'.repeat(60_000)
  expect(await refused(() => line('/mnt/full/f', { line: long }))).toMatch(
    /could not be written.*no space left/,
  )
  expect(await refused(() => file('/mnt/full/g', { content: long }))).toMatch(/[Nn]o space left/)
  expect(await everywhere(sh`ls -A /mnt/full; wc -c </mnt/full/f; umount /mnt/full`)).toBe('f\n40000')
})

test('ACL, attributes and owner of a file stay', async () => {
  await everywhere(sh`apt-get -qq update && apt-get -qqy install acl attr >/dev/null 2>&1
echo a >/etc/t/acl; chown daemon:adm /etc/t/acl; chmod 640 /etc/t/acl; setfacl -m u:games:r /etc/t/acl; setfattr -n user.note -v kept /etc/t/acl`)
  const look = sh`getfacl -cp /etc/t/acl; getfattr -d --absolute-names /etc/t/acl; stat -c '%U %G' /etc/t/acl`
  const before = await everywhere(look)
  await twice(() => line('/etc/t/acl', { line: 'b' }))
  expect(await everywhere(look)).toBe(before)
  expect(before).toContain('user:games:r--')
})

test('what a service sees is not what a script of ours sees', async () => {
  await converge(hosts, () => [
    directory('/etc/t'),
    command('service', {
      run: 'systemd-run -q --wait sh -c "locale | head -n 1 >/etc/t/lang; date +%z >>/etc/t/lang"',
      unless: '[ -e /etc/t/lang ]',
    }),
  ])
  const [first, second] = await Promise.all(hosts.map((host) => on(host, sh`cat /etc/t/lang`)))
  expect([first, second]).toEqual([expect.stringMatching(/\+0000$/), 'LANG=de_DE.UTF-8\n+0530'])
})
