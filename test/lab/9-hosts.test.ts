import { afterAll, beforeAll, expect, test } from 'vitest'
import { portsFree, stackPorts } from '../../roles/sheets/preflight.ts'
import { cloudInit } from '../../src/facts/cloud-init.ts'
import { network } from '../../src/facts/network.ts'
import { networkFiles } from '../../src/facts/network-files.ts'
import { pkg } from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import type { Fact } from '../../src/model/probe.ts'
import { sh } from '../../src/shell/sh.ts'
import { connectSsh } from '../../src/transport/ssh.ts'
import { connection } from './connection.ts'
import { converge, on } from './engine.ts'

// Hosts as they really arrive: each test dresses one as hosters and other roles leave theirs.

let host: Host

beforeAll(async () => {
  const [first] = await up(1)
  if (!first) throw new Error('no host')
  host = connection(first)
})
afterAll(() => down())

async function fact<T>({ probe }: Fact<T>): Promise<T> {
  await using link = await connectSsh(host)
  return probe.parse(await link.exec(probe.script), [])
}

test("a hoster's point-to-point address and a bridge called br-lan are seen, Docker's bridges are not", async () => {
  await on(
    host,
    sh`ip addr add 198.51.100.7 peer 198.51.100.1/32 dev host0
ip link add br-lan type bridge; ip addr add 192.0.2.65/26 dev br-lan
ip link add br-0123456789ab type bridge; ip addr add 172.18.0.1/16 dev br-0123456789ab`,
  )
  const seen = (await fact(network)).filter((a) => a.family === 4)
  expect(seen.map((a) => `${a.interface} ${a.address}/${a.prefix}`).toSorted()).toEqual([
    'br-lan 192.0.2.65/26',
    'host0 10.77.0.11/24',
    'host0 198.51.100.7/32',
  ])
})

test("an address that keepalived moves is not its holder's own, on whatever iproute2", async () => {
  await on(
    host,
    sh`mkdir -p /etc/keepalived; printf 'vrrp_instance x {\n virtual_ipaddress {\n  10.77.0.99/24 dev host0\n }\n}\n' >/etc/keepalived/keepalived.conf
ip addr add 10.77.0.99/24 dev host0`,
  )
  expect((await fact(network)).map((a) => a.address)).not.toContain('10.77.0.99')
  await on(host, sh`ip addr del 10.77.0.99/24 dev host0; rm -r /etc/keepalived`)
})

test('systemd-networkd, restarted, takes an address off that it did not set, unless it is told to keep it', async () => {
  const file = (await fact(networkFiles)).host0 ?? ''
  expect(file).toMatch(/\.network$/)
  const restarted = sh`ip addr replace 10.77.0.99/24 dev host0; systemctl restart systemd-networkd
networkctl -q reload; sleep 2; ip -o addr show dev host0 | grep -c 10.77.0.99/24 || :`
  expect(await on(host, restarted)).toBe('0')
  const folder = `/etc/systemd/network/${file.split('/').at(-1)}.d`
  await on(
    host,
    sh`mkdir -p ${folder}; printf '[Network]\nKeepConfiguration=static\n' >${`${folder}/provision-vip.conf`}; networkctl reload`,
  )
  expect(await on(host, restarted)).toBe('1')
})

test('cloud-init that is still at work is waited for; where there is none nothing is', async () => {
  expect(await fact(cloudInit)).toBe('none')
  await on(host, sh`mkdir -p /run/cloud-init; : >/run/cloud-init/enabled`)
  const started = performance.now()
  const [said] = await Promise.all([fact(cloudInit), on(host, sh`sleep 3; : >/run/cloud-init/result.json`)])
  expect(said).toBe('ended')
  expect(performance.now() - started).toBeGreaterThan(3000)
})

test("a package is installed although a boot's own update holds the lock of the lists", async () => {
  // As apt does it: a lock of fcntl(2) on this file.
  const holder = `use Fcntl qw(:flock); open(F, '>', '/var/lib/apt/lists/lock'); my $l = pack('s s l! l! i', 1, 0, 0, 0, 0); fcntl(F, 6, $l) or die $!; print "held\\n"; close(STDOUT); sleep 8`
  await on(
    host,
    sh`rm -f /var/lib/provision/apt-updated; perl -e ${holder} >/run/held 2>&1 & while [ ! -s /run/held ]; do sleep 0.1; done; cat /run/held`,
  )
  const { failures } = await converge([host], () => pkg('jq'))
  expect(failures).toEqual([])
})

test('a PostgreSQL that is not ours holds its port, whatever it is called; and so do listeners of UDP', async () => {
  const measured = portsFree(stackPorts(true), 'h1')
  const ask = sh`(${measured}) || :`
  expect(await on(host, ask)).toBe('free')
  // Called as the real ones are: by a copy of perl under that name.
  const listen = (protocol: string, port: number) =>
    `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => ${port}, Proto => '${protocol}', ${protocol === 'tcp' ? 'Listen => 1' : ''}) or die $!; sleep 60`
  await on(
    host,
    sh`cp /usr/bin/perl /run/postgres; cp /usr/bin/perl /run/chronyd
/run/postgres -e ${listen('tcp', 5432)} >/dev/null 2>&1 & /run/chronyd -e ${listen('udp', 123)} >/dev/null 2>&1 & sleep 1`,
  )
  expect((await on(host, ask)).replaceAll(/pid \d+/g, 'pid N')).toBe(
    'taken: 123/udp (chronyd, pid N) 5432/tcp (postgres, pid N)',
  )
  await on(host, sh`pkill -f /run/postgres; pkill -f /run/chronyd; :`)
})
