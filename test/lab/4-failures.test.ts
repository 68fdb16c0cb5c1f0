import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { directory, file, firewall, hostScript, pkg, scriptPath, service, sh } from '../../src/index.ts'
import { labPassword } from '../../src/lab/image.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { connection } from './connection.ts'
import { converge, on } from './engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-failures-'))
let one: Host
let two: Host

beforeAll(async () => {
  const [a, b] = (await up(2)).map((host) => connection(host))
  if (!a || !b) throw new Error('no hosts')
  one = a
  two = b
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await down()
})

test('a firewall change that would cut SSH rolls back by itself, the run says so, and the host is reachable', async () => {
  const shut = { flows: [], published: [], external: ['host0'] }
  const wish = () => [
    pkg('iptables'),
    file(scriptPath, { content: hostScript, mode: '0755' }),
    // `keep` is left out on purpose: the check before the change would refuse these rules.
    firewall({ policy: shut, rollbackSeconds: 15 }),
  ]
  const { failures, hosts } = await converge(
    [{ ...one, connection: { ...one.connection, connectTimeoutSeconds: 3 } }],
    wish,
  )
  expect(hosts[0]?.status).toBe('failed')
  expect(failures[0]).toContain('after the change no new SSH connection could be opened')
  expect(failures[0]).toContain('the host has rolled back by itself and is reachable again')
  expect(await on(one, sh`iptables -S | grep -c PROVISION; ls /etc/provision 2>/dev/null || :`)).toBe('0')
})

test('rules that let us in are confirmed over a new connection, and hold', async () => {
  const open = {
    flows: [{ from: ['10.77.0.0/24'], protocol: 'tcp' as const, ports: [22], reason: 'ssh' }],
    published: [],
    external: ['host0'],
  }
  const wish = () => [
    pkg('iptables'),
    file(scriptPath, { content: hostScript, mode: '0755' }),
    firewall({ policy: open, keep: { from: '10.77.0.1', port: 22 }, rollbackSeconds: 15 }),
  ]
  expect((await converge([one], wish)).failures).toEqual([])
  expect((await converge([one], wish)).hosts[0]?.changed).toBe(0)
  expect(
    await on(
      one,
      sh`systemctl list-timers --all | grep -c rollback; tail -n 2 /etc/provision/firewall.v4 | head -n 1`,
    ),
  ).toBe('0\n-A PROVISION-FWD -i host0 -j DROP')
})

test('another apt that holds the lock is waited for', async () => {
  const hold = `use Fcntl; open F,">>/var/lib/dpkg/lock-frontend"; $l=pack("s s x4 q q l x4",F_WRLCK,0,0,0,0); fcntl(F,F_SETLK,$l) or die; sleep 6`
  await on(two, sh`perl -e ${hold} >/dev/null 2>&1 &`)
  const started = performance.now()
  expect((await converge([two], () => pkg('tree'))).failures).toEqual([])
  expect(performance.now() - started).toBeGreaterThan(4000)
})

test('a package that is not there fails with what apt said, and what comes after is counted as skipped', async () => {
  const { failures, hosts } = await converge([two], () => [
    pkg('no-such-package-at-all'),
    file('/root/after', { content: 'x' }),
  ])
  expect(failures[0]).toMatch(
    /failures\.test\.ts:\d+ {2}h2 {2}pkg\[no-such-package-at-all\] failed with exit code 100/,
  )
  expect(failures[0]).toContain('Unable to locate package no-such-package-at-all')
  expect(hosts[0]).toMatchObject({ status: 'failed', failed: 1, skipped: 1 })
})

test('a full disk leaves the old file whole, and says so', async () => {
  await on(
    two,
    sh`mkdir -p /mnt/small && mount -t tmpfs -o size=100k tmpfs /mnt/small && echo old > /mnt/small/file`,
  )
  const { failures } = await converge([two], () => file('/mnt/small/file', { content: 'x'.repeat(500_000) }))
  expect(failures[0]).toMatch(/file\[\/mnt\/small\/file\] failed[\s\S]*(No space left|I\/O error)/)
  expect(await on(two, sh`cat /mnt/small/file; ls -A /mnt/small`)).toBe('old\nfile')
})

test('a service that does not start fails with its own last words', async () => {
  const unit = file('/etc/systemd/system/broken.service', {
    content:
      "[Service]\nExecStart=/bin/sh -c 'echo I am broken; exit 3'\n[Install]\nWantedBy=multi-user.target\n",
  })
  const { failures } = await converge([two], () => [unit, service('broken', { restartOn: [unit] })])
  expect(failures[0]).toMatch(/service\[broken\] failed[\s\S]*I am broken/)
})

test('sudo that is refused is told apart, with the way out', async () => {
  const host = { ...two, connection: { ...two.connection, user: 'pw', become: true } }
  const { failures } = await converge([host], () => directory('/root/x'))
  expect(failures[0]).toMatch(/sudo was refused[\s\S]*a password is required[\s\S]*becomePasswordFile/)
})

/** A host whose PAM counts, in the way that locks accounts; the user `pw`, with what a file says is its password. */
function asking(name: string, password: string | Buffer): Host {
  const passwordFile = join(folder, name)
  writeFileSync(passwordFile, password)
  return {
    ...two,
    name,
    connection: { ...two.connection, user: 'pw', become: true, becomePasswordFile: passwordFile },
  }
}

/** Failures that pam_faillock has counted, and refused attempts in the log of PAM; both begin anew. */
async function attempts(): Promise<string> {
  return on(
    two,
    sh`faillock --user pw | grep -c ' SVC '; journalctl -q -t sudo --since "@$(cat /root/since)" | grep -c 'authentication failure'; faillock --user pw --reset; sleep 1.1; date +%s >/root/since`,
  )
}

test('a wrong sudo password costs one attempt, however many connections a run has', async () => {
  const pam = `auth requisite pam_faillock.so preauth deny=3
auth [success=1 default=ignore] pam_unix.so nullok
auth [default=die] pam_faillock.so authfail deny=3
auth sufficient pam_faillock.so authsucc deny=3
@include common-account
@include common-session-noninteractive
`
  await on(two, sh`date +%s >/root/since; cp /etc/pam.d/sudo /root/pam; printf %s ${pam} >/etc/pam.d/sudo`)
  const wish = () => directory('/root/by-sudo')
  try {
    const wrong = asking('wrong', 'guessed\n')
    const { failures, unreachable } = await converge([wrong], wish)
    expect(failures).toEqual([
      expect.stringMatching(/the sudo password in .*wrong was refused \(user pw on host wrong\)/),
    ])
    expect([unreachable, await attempts()]).toEqual([true, '1\n1'])
    // Every way into the host, all at once and later: none of them asks again.
    await using link = await connectSsh(wrong)
    await using other = await link.fresh()
    const all = await Promise.allSettled([
      link.exec(sh`id`),
      other.exec(sh`id`),
      other.hold(sh`echo x`),
      link.pipe(sh`id`),
    ])
    expect(all.map((r) => r.status)).toEqual(Array(4).fill('rejected'))
    expect(await attempts()).toBe('0\n0')
    const together = await connectSsh(asking('together', 'wrong again'))
    await Promise.allSettled([together.exec(sh`id`), together.hold(sh`echo x`), together.exec(sh`id`)])
    await together[Symbol.asyncDispose]()
    expect(await attempts()).toBe('1\n1')
    for (const sudoers of [
      'Defaults:pw use_pty',
      'Defaults:pw !use_pty',
      'Defaults:pw passwd_tries=1',
      'Defaults:pw lecture=always',
    ]) {
      await on(two, sh`echo ${sudoers} >/etc/sudoers.d/x`)
      expect((await converge([asking(`bad ${sudoers}`, 'no')], wish)).failures).toHaveLength(1)
      expect([sudoers, await attempts()]).toEqual([sudoers, '1\n1'])
      expect((await converge([asking(`good ${sudoers}`, labPassword)], wish)).failures).toEqual([])
    }
  } finally {
    await on(two, sh`cp /root/pam /etc/pam.d/sudo; rm -f /etc/sudoers.d/x; faillock --user pw --reset`)
  }
})

test('sudo with a password: scripts, data and locks go through; what is no password is refused before sudo is asked', async () => {
  for (const end of ['', '\n', '\r\n']) {
    await using link = await connectSsh(asking('right', `${labPassword}${end}`))
    expect(await link.exec(sh`cat; id -u; printf %s "\${1%% *}"; echo err >&2; exit 3`)).toEqual({
      code: 3,
      stdout: expect.stringMatching(/^0\n10\.77\./),
      stderr: 'err\n',
    })
    const held = await link.hold(sh`id -u; cat >/dev/null; touch /root/released`)
    expect(held.line).toBe('0')
    await held.release()
    await expect(link.hold(sh`exit 1`)).rejects.toThrow('a held script ended at once')
    const data = randomBytes(3_000_000)
    const { output, done } = await link.pipe(sh`sha256sum | cut -c1-64; exit 4`, Readable.from([data]))
    expect((await buffer(output)).toString().trim()).toBe(createHash('sha256').update(data).digest('hex'))
    expect(await done).toMatchObject({ code: 4 })
  }
  const odd = 'a $"%\\x '
  await on(two, sh`printf '%s\n' ${`pw:${odd}`} | chpasswd`)
  try {
    await using blank = await connectSsh(asking('blank', `${odd}\n`))
    expect((await blank.exec(sh`id -u`)).stdout).toBe('0\n')
  } finally {
    await on(two, sh`printf '%s\n' ${`pw:${labPassword}`} | chpasswd`)
  }
  // NOPASSWD: the password is not asked for, and is no line of the script.
  const ops = asking('nopasswd', 'anything\n')
  await using link = await connectSsh({ ...ops, connection: { ...ops.connection, user: 'ops' } })
  expect(await link.exec(sh`id -u`)).toEqual({ code: 0, stdout: '0\n', stderr: '' })
  for (const [what, content] of [
    [/is empty/, '\n'],
    [/holds more than one line/, 'a\nb\n'],
    [/is not UTF-8/, Buffer.from([0xff, 0x41])],
  ] as const)
    await expect(connectSsh(asking('no', content))).rejects.toThrow(what)
  // Nothing that stood around sudo stays.
  expect(await on(two, sh`ps -u pw -o comm= | grep -vE 'sshd|systemd|sd-pam' || :`)).toBe('')
})

test('with onFailure: continue the other hosts go on', async () => {
  const wish = ({ host }: { host: Host }) =>
    file(host.name === 'h1' ? '/nowhere/x' : '/root/went-on', { content: 'x' })
  const { hosts } = await converge([one, two], wish, { play: { onFailure: 'continue' } })
  expect(hosts.map((h) => h.status)).toEqual(['failed', 'changed'])
})

test('in a rolling play no host is touched after one that failed', async () => {
  const { hosts } = await converge([one, two], () => file('/nowhere/y', { content: 'x' }), {
    play: { rolling: 1 },
  })
  expect(hosts.map((h) => [h.status, h.changed])).toEqual([
    ['failed', 0],
    ['skipped', 0],
  ])
})

test('a connection that is cut at any moment of a step: it is told as that, and the next run ends converged', async () => {
  const cutAfter = (ms: number) => async (host: Host) => {
    const link = await connectSsh(host)
    return Object.assign(Object.create(link), {
      host,
      fresh: () => link.fresh(),
      hold: link.hold.bind(link),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
      exec: async (...args: Parameters<typeof link.exec>) => {
        if (args[0].shown.includes('write /root/cut')) setTimeout(() => void link[Symbol.asyncDispose](), ms)
        return link.exec(...args)
      },
    })
  }
  const wish = () => [file('/root/cut', { content: 'whole\n' }), directory('/root/cut.d')]
  // Before the channel is there, before the command is taken, while it runs; the last ones may come too late.
  for (const ms of [0, 1, 2, 3, 5, 8, 13, 21, 34]) {
    await on(two, sh`rm -rf /root/cut /root/cut.d`)
    const { failures } = await converge([two], wish, { connect: cutAfter(ms) })
    expect(failures.join()).toMatch(/connection was lost|ended by|connection is closed|^$/)
    expect((await converge([two], wish)).failures).toEqual([])
    expect(await on(two, sh`cat /root/cut; ls -A /root | grep provision || :`)).toBe('whole')
  }
})
