import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  check,
  command,
  dropIn,
  file,
  mount,
  noSwap,
  reboot,
  service,
  sh,
  udevRule,
  waitFor,
} from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { connection } from './connection.ts'
import { converge, on, type Ran, type Wish } from './engine.ts'

let hosts: readonly Host[]

beforeAll(async () => {
  hosts = (await up(2)).map((host) => connection(host))
})
afterAll(() => down())

function one(): readonly Host[] {
  return hosts.slice(0, 1)
}

function applied({ events }: Ran): readonly string[] {
  return events.flatMap((e) => (e.type === 'applied' ? e.steps.map((s) => `${e.host} ${s.id}`) : []))
}

/** Converges the first host, then again: the second run must change nothing. Gives what the first one changed. */
async function twice(wish: Wish): Promise<readonly string[]> {
  const first = await converge(one(), wish)
  expect(first.failures).toEqual([])
  const again = await converge(one(), wish)
  expect([again.failures, applied(again)]).toEqual([[], []])
  return applied(first)
}

test('a mount: made, its options changed by a remount, replaced (risk: data), taken away', async () => {
  const [host] = one()
  if (!host) throw new Error('no host')
  const device = 'scratch'
  const shown = sh`findmnt -nro FSTYPE,OPTIONS --mountpoint /srv/scratch | cut -d, -f1-4; grep -c scratch /etc/fstab || :`
  await twice(() => mount('/srv/scratch', { device, fstype: 'tmpfs', options: ['nodev', 'size=1m'] }))
  expect(await on(host, shown)).toMatch(/^tmpfs rw,.*nodev[\s\S]*\n1$/)
  await on(host, sh`echo kept >/srv/scratch/file`)
  await twice(() =>
    mount('/srv/scratch', { device, fstype: 'tmpfs', options: ['nodev', 'noexec', 'size=1m'] }),
  )
  expect(await on(host, shown)).toContain('noexec')
  expect(await on(host, sh`cat /srv/scratch/file`)).toBe('kept')
  const other = () => mount('/srv/scratch', { device: 'other', fstype: 'tmpfs' })
  const plan = await converge(one(), other, { mode: 'plan' })
  expect(plan.plans[0]?.steps[0]?.risks).toEqual(['data'])
  await twice(other)
  await twice(() => mount('/srv/scratch', { ensure: 'absent' }))
  expect(await on(host, sh`findmnt --mountpoint /srv/scratch; grep -c scratch /etc/fstab || :`)).toBe('0')
})

test('no swap: a line of fstab that would bring it back is commented out', async () => {
  const [host] = one()
  if (!host) throw new Error('no host')
  await on(host, sh`printf '/dev/sdx9 none swap sw 0 0\n' >>/etc/fstab`)
  expect(await twice(() => noSwap())).toEqual(['h1 swap[none]'])
  expect(await on(host, sh`grep swap /etc/fstab`)).toBe('# /dev/sdx9 none swap sw 0 0')
})

test('a handler acts when what it hangs on has changed, once, and not otherwise', async () => {
  const [host] = one()
  if (!host) throw new Error('no host')
  const wish = (content: string) => () => {
    const written = file('/etc/handled', { content })
    return [written, command('count', { run: 'echo x >>/var/tmp/count', on: [written] })]
  }
  expect(await twice(wish('1'))).toEqual(['h1 file[/etc/handled]', 'h1 command[count]'])
  await twice(wish('2'))
  expect(await on(host, sh`wc -l </var/tmp/count`)).toBe('2')
})

test('a udev rule and a drop-in: the unit restarts by its drop-in, and only then', async () => {
  const unit = file('/etc/systemd/system/idle.service', {
    content: '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
  })
  const wish = (nice: number) => () => {
    const own = dropIn('idle.service', 'nice', `[Service]\nNice=${nice}\n`)
    return [
      udevRule('90-test', '# nothing\n'),
      unit,
      own.folder,
      own.file,
      service('idle', { restartOn: [unit, own.file] }),
    ]
  }
  await twice(wish(3))
  const changes = await twice(wish(4))
  expect(changes).toEqual(['h1 file[/etc/systemd/system/idle.service.d/nice.conf]', 'h1 service[idle]'])
  const [host] = one()
  if (!host) throw new Error('no host')
  expect(await on(host, sh`ps -o ni= -p "$(systemctl show -P MainPID idle)"`)).toBe('4')
})

test('wait-for: a file that comes later, a port; what never comes is told', async () => {
  const wish = () => [
    command('later', {
      run: "systemd-run --quiet --unit=later sh -c 'sleep 2; touch /var/tmp/later'",
      unless: '[ -e /var/tmp/later ] || systemctl is-active -q later',
    }),
    waitFor({ file: '/var/tmp/later' }, { withinSeconds: 20 }),
    waitFor({ port: 22 }),
  ]
  const ran = await converge(one(), wish)
  expect(ran.failures).toEqual([])
  expect(ran.hosts[0]?.checked).toBe(2)
  const never = await converge(one(), () => waitFor({ file: '/nonexistent' }, { withinSeconds: 1 }))
  expect(never.failures[0]).toMatch(/check\[file \/nonexistent\] failed[\s\S]*still failing after 1 s/)
  const retried = await converge(one(), () =>
    check('third time', 'echo x >>/var/tmp/tries; [ "$(wc -l </var/tmp/tries)" -ge 3 ]', {
      withinSeconds: 10,
    }),
  )
  expect(retried.failures).toEqual([])
})

test('a play with `once` runs on its first host only', async () => {
  const ran = await converge(hosts, () => file('/etc/once', { content: 'x' }), { play: { once: true } })
  expect(applied(ran)).toEqual(['h1 file[/etc/once]'])
})

test('a reboot within a run: the host comes back with a new boot, the run goes on, the next one changes nothing', async () => {
  const [host] = one()
  if (!host) throw new Error('no host')
  const boot = sh`cat /proc/sys/kernel/random/boot_id`
  const before = await on(host, boot)
  await on(host, sh`touch /run/reboot-required`)
  const changes = await twice(() => [
    reboot('after an upgrade', { when: '[ -e /run/reboot-required ]' }),
    file('/etc/after-reboot', { content: 'x' }),
  ])
  expect(changes).toEqual(['h1 reboot[after an upgrade]', 'h1 file[/etc/after-reboot]'])
  expect(await on(host, boot)).not.toBe(before)
})

test('a check may waver once more at the proof: it is waited for, as after the steps before it', async () => {
  // Holds at every other look, and from the fifth on.
  const wavers =
    'n=$(($(cat /run/wavers 2>/dev/null || echo 0) + 1)); echo $n > /run/wavers; [ $((n % 2)) = 0 ] || [ $n -ge 5 ]'
  const ran = await converge(one(), () => [
    file('/run/before-it', { content: 'x\n' }),
    check('wavers', wavers, { withinSeconds: 5 }),
  ])
  expect(ran.failures).toEqual([])
  const [host] = one()
  if (!host) throw new Error('no host')
  expect(Number(await on(host, sh`cat /run/wavers`))).toBeGreaterThanOrEqual(5)
})

test('a check is waited for beyond its time while it is worked on, and no longer', async () => {
  const worked = (seconds: number) =>
    converge(one(), () => [
      command('begin', {
        run: `rm -f /run/made; touch /run/at-work; systemd-run -q sh -c 'sleep 4; touch /run/made; sleep ${seconds}; rm -f /run/at-work'`,
        unless: '[ -e /run/made ]',
      }),
      check('made', '[ -e /run/made ] && [ ! -e /run/at-work ]', {
        withinSeconds: 1,
        busy: '[ -e /run/at-work ]',
      }),
    ])
  expect((await worked(2)).failures).toEqual([])
  const given = await converge(one(), () => [check('never', 'false', { withinSeconds: 1, busy: 'false' })])
  expect(given.failures.join()).toContain('still failing after 1 s')
})
