import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilSsh } from '../../src/lab/host.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { LabHost } from '../../src/lab/settings.ts'
import type { Event } from '../../src/model/event.ts'
import { type Script, sh } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { changed, events, labInventory, planned, provision, summaries } from './cli.ts'
import { connection } from './connection.ts'

/** The first half of playbooks/site.ts; the second has suites of its own. */
const prepare = 'playbooks/prepare.ts'

let hosts: readonly LabHost[]
let plan: readonly Event[]
let first: readonly Event[]

beforeAll(async () => {
  hosts = await up(3)
  plan = await events(['plan', prepare])
  // A first run that is killed ten times, at ten different moments, and begun again each time.
  for (let i = 1; i <= 10; i++)
    await provision(['run', prepare, ...labInventory, '--yes'], { killAfterMs: 900 * i })
  first = await events(['run', prepare, '--yes'])
})
afterAll(() => down())

async function on(name: string, script: Script): Promise<string> {
  const host = hosts.find((h) => h.name === name)
  if (!host) throw new Error(`no host ${name}`)
  await using link = await connectSsh(connection(host))
  return (await link.exec(script)).stdout.trim()
}

test('after ten kills of a first run the next one converges on all hosts', () => {
  expect(summaries(first).map((h) => h.failed)).toEqual([0, 0, 0])
})

test('no half-written file is left by the kills', async () => {
  for (const { name } of hosts) expect(await on(name, sh`find /etc /usr/local -name '.*.provision'`)).toBe('')
})

test('every restart that the killed runs owed has happened: no service is older than its configuration', async () => {
  const ages = sh`for pair in chrony:/etc/chrony/conf.d/provision.conf docker:/etc/docker/daemon.json; do u=\${pair%%:*}; f=\${pair#*:}; s=$(date -d "$(systemctl show -P ActiveEnterTimestamp "$u")" +%s); [ "$s" -ge "$(stat -c %Y "$f")" ] || echo "$u is older than $f"; done; ls /var/lib/provision/owed`
  for (const { name } of hosts) expect(await on(name, ages)).toBe('')
})

test('the run changes nothing that the plan did not list', () => {
  const listed = new Set(planned(plan))
  expect(listed.size).toBeGreaterThan(100)
  expect(changed(first).filter((id) => !listed.has(id))).toEqual([])
})

test('a converged site: no change, at most three round trips a host', async () => {
  const again = await events(['run', prepare, '--yes'])
  expect(changed(again)).toEqual([])
  for (const h of summaries(again)) expect([h.status, h.roundTrips <= 3]).toEqual(['ok', true])
})

test('the hosts are what was promised', async () => {
  expect(
    await on(
      'h2',
      sh`docker info --format '{{.Driver}} {{.CgroupVersion}}'; iptables -S INPUT | sed -n 2p; iptables -S DOCKER-USER | sed -n 2p; ip6tables -S INPUT | sed -n 2p; cat /proc/sys/vm/swappiness /sys/kernel/mm/transparent_hugepage/enabled; getent hosts h3`,
    ),
  ).toBe(
    'overlay2 2\n-A INPUT -j PROVISION-IN\n-A DOCKER-USER -j PROVISION-FWD\n-A INPUT -j PROVISION-IN\n1\nnever\n10.77.0.13      h3',
  )
})

test('six drifts are named, exactly these six are mended, and only what must restart restarts', async () => {
  const since = () => on('h1', sh`systemctl show -P ActiveEnterTimestampMonotonic docker ssh`)
  const before = (await since()).split('\n').filter(Boolean)
  await on(
    'h1',
    sh`sysctl -qw vm.swappiness=60; chmod 600 /etc/hosts.allow /etc/sysctl.d/99-zz-provision.conf; iptables -A PROVISION-IN -p tcp --dport 9999 -j ACCEPT; systemctl stop chrony; apt-get remove -qq -y jq >/dev/null 2>&1; sed -i 's/120/121/' /etc/docker/daemon.json`,
  )
  const six = [
    'h1 file[/etc/docker/daemon.json]',
    'h1 file[/etc/sysctl.d/99-zz-provision.conf]',
    'h1 firewall[provision]',
    'h1 pkg[jq]',
    'h1 service[chrony]',
    'h1 sysctl[vm.swappiness]',
  ]
  const restart = 'h1 service[docker]'
  expect([...planned(await events(['plan', prepare]))].sort()).toEqual([...six, restart].sort())
  expect([...changed(await events(['run', prepare, '--yes']))].sort()).toEqual([...six, restart].sort())
  const after = (await since()).split('\n').filter(Boolean)
  expect(after.map((value, i) => value !== before[i])).toEqual([true, false])
  expect(planned(await events(['plan', prepare]))).toEqual([])
})

test('after a reboot everything still holds: the plan is empty', async () => {
  const [host] = hosts
  if (!host) throw new Error('no host')
  const boot = sh`cat /proc/sys/kernel/random/boot_id`
  const before = await on('h1', boot)
  await on('h1', sh`systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot`)
  for (let i = 0; i < 60; i++) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    await untilSsh(host)
    if ((await on('h1', boot).catch(() => before)) !== before) break
  }
  await on('h1', sh`systemctl is-system-running --wait || :`)
  expect(planned(await events(['plan', prepare]))).toEqual([])
})

test('a firewall that would lock us out is refused before anything is touched', async () => {
  const { code, stdout } = await provision([
    'run',
    prepare,
    ...labInventory,
    '--set',
    'firewall.admin=["192.0.2.0/24"]',
  ])
  expect(code).toBe(1)
  expect(stdout).toContain(
    'these firewall rules would lock us out: SSH from 10.77.0.1 to port 22 would be dropped',
  )
  expect(stdout).toContain('nothing was changed')
  expect(planned(await events(['plan', prepare]))).toEqual([])
})

test('plan --detailed-exitcode says 2 where there are changes, 0 where there are none', async () => {
  expect(await provision(['plan', prepare, ...labInventory, '--detailed-exitcode'])).toMatchObject({
    code: 0,
  })
  const { code, stdout } = await provision([
    'plan',
    prepare,
    ...labInventory,
    '--detailed-exitcode',
    '--diff',
    '--set',
    'chrony.servers=["192.0.2.9"]',
  ])
  expect(code).toBe(2)
  expect(stdout).toContain('+server 192.0.2.9 iburst')
})

test('Ctrl-C finishes the step in hand, says so and exits 130', async () => {
  const { code, stderr } = await provision(
    ['run', prepare, ...labInventory, '--yes', '--set', 'kernel.readAheadKb=512', '--output', 'json'],
    { killWhen: '"type":"start"', signal: 'SIGINT' },
  )
  if (code !== 0) expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')])
  expect((await provision(['run', prepare, ...labInventory, '--yes'])).code).toBe(0)
})
