import { isIP } from 'node:net'
import {
  apart,
  cloudInit,
  hardware,
  network,
  os,
  precondition,
  prepared,
  type Resource,
  role,
  routes,
  t,
} from 'provision'
import { chronyVars } from './chrony.ts'
import { dockerVars } from './docker.ts'
import { firewallVars } from './firewall.ts'
import { collisions, declaredRanges } from './sheets/address-plan.ts'
import { releaseOf, supportedText } from './sheets/engines.ts'
import { monitoring } from './sheets/monitoring.ts'
import * as measure from './sheets/preflight.ts'
import { swarmVars } from './swarm.ts'

const vars = t.Object({
  minimumRamGb: t.Number({ default: 4 }),
  minimumCores: t.Integer({ default: 2 }),
  minimumFreeGb: t.Number({ default: 5, description: 'On / and on /var.' }),
  clockSkewSeconds: t.Number({
    default: 1,
    description: 'Between any two hosts. etcd complains above 1 s.',
  }),
  fsyncMs: t.Number({
    default: 10,
    description: 'Average of a small synchronous write. etcd asks for a 99th percentile below 10 ms.',
  }),
  dataFolder: t.String({ default: '/var/lib', description: 'Where the databases will live.' }),
  mtu: t.Optional(
    t.Integer({
      description:
        'Bytes that must pass between hosts in one packet. Default: what the interface with the address of the host sends.',
    }),
  ),
  registry: t.Optional(
    t.String({ description: 'Image registry that must answer: https://registry.example' }),
  ),
  measure: t.Union([t.Literal('first'), t.Literal('always')], {
    default: 'first',
    description: 'What takes time to measure: only before the first run has ended, or always (doctor).',
  }),
})

/** Is this machine fit? What must hold before a run changes anything; `provision doctor` runs it alone. */
export default role({
  name: 'preflight',
  vars,
  facts: { cloudInit, os, hardware, prepared, network, routes },
  shared: { docker: dockerVars, swarm: swarmVars, firewall: firewallVars, chrony: chronyVars, monitoring },
  resources({ vars, facts, shared, host, hosts }) {
    const { hardware } = facts
    const others = hosts.filter((h) => h.name !== host.name)
    const doubles = others.filter((h) => h.facts.hardware.machineId === hardware.machineId)
    const skew = Math.max(...hosts.map((h) => apart(hardware.clockOffset, h.facts.hardware.clockOffset)))
    const gb = (kb: number) => kb / 1024 / 1024
    const atLeast = (name: string, found: number, minimum: number, unit: string, next: string) =>
      precondition(name, {
        needs: `at least ${minimum} ${unit}`,
        found: { holds: found >= minimum, measured: `${Number(found.toFixed(1))} ${unit}` },
        next,
      })
    const docker = [
      { network: shared.swarm.addressPool, of: 'swarm.addressPool' },
      { network: shared.docker.bridge, of: 'docker.bridge' },
      ...shared.docker.addressPools.map(({ base }) => ({ network: base, of: 'docker.addressPools' })),
    ]
    const mustBeReached = {
      'firewall.admin': shared.firewall.admin,
      'firewall.clients': shared.firewall.clients,
      'firewall.monitoring': shared.firewall.monitoring,
      'chrony.servers': shared.chrony.servers,
    }
    const clashes = collisions(
      [
        ...hosts.map((h) => ({ network: h.address, of: `host ${h.name}` })).filter((r) => isIP(r.network)),
        ...facts.network.map((a) => ({
          network: `${a.address}/${a.prefix}`,
          of: `interface ${a.interface}`,
        })),
        ...facts.routes.map((network) => ({ network, of: 'the route to' })),
        ...declaredRanges(mustBeReached, docker),
      ],
      docker,
    )
    const mtu = vars.mtu ?? facts.network.find((a) => a.address === host.address)?.mtu ?? 1500
    const cheap: readonly Resource[] = [
      precondition('system', {
        needs: supportedText(),
        found: {
          holds: releaseOf(facts.os) !== undefined,
          measured: `${facts.os.id} ${facts.os.version}`,
        },
        next: 'install a supported system',
      }),
      precondition('cloud-init', {
        needs: 'a machine that has been set up to its end',
        found: {
          holds: facts.cloudInit !== 'running',
          measured: facts.cloudInit === 'running' ? 'still at work after 5 minutes' : facts.cloudInit,
        },
        next: 'see what it waits for: cloud-init status --long; then run again',
      }),
      atLeast(
        'memory',
        gb(hardware.ramKb),
        vars.minimumRamGb,
        'GB',
        'add memory, or lower preflight.minimumRamGb',
      ),
      atLeast(
        'cores',
        hardware.cores,
        vars.minimumCores,
        'cores',
        'take a bigger machine, or lower preflight.minimumCores',
      ),
      atLeast(
        'free space on /',
        gb(hardware.freeKb.root),
        vars.minimumFreeGb,
        'GB',
        'free some: apt-get clean; journalctl --vacuum-size=200M; docker system df',
      ),
      atLeast(
        'free space on /var',
        gb(hardware.freeKb.var),
        vars.minimumFreeGb,
        'GB',
        'free some: apt-get clean; journalctl --vacuum-size=200M; docker system df',
      ),
      precondition('machine-id', {
        needs: 'one of its own: etcd and Swarm would take two hosts for one',
        found: {
          holds: doubles.length === 0,
          measured: doubles.length === 0 ? 'its own' : `the same as ${doubles.map((h) => h.name).join(', ')}`,
        },
        next: 'on one of them: rm /etc/machine-id; systemd-machine-id-setup; reboot',
      }),
      precondition('clock', {
        needs: `at most ${vars.clockSkewSeconds} s from the other hosts`,
        found: {
          holds: skew <= vars.clockSkewSeconds,
          measured: skew === 0 ? 'the same' : `at least ${skew.toFixed(2)} s apart`,
        },
        next: 'set the clock (timedatectl set-time), and see that an NTP server answers; the role chrony keeps it then',
      }),
      precondition('address plan', {
        needs: 'ranges of Docker and the swarm that nobody else uses',
        found: { holds: clashes.length === 0, measured: clashes.join('; ') || 'no overlap' },
        next: 'choose other private ranges: swarm.addressPool can never be changed later',
      }),
    ]
    if (vars.measure === 'first' && facts.prepared) return cheap
    return [
      cheap,
      precondition('solid-state disk', {
        level: 'warning',
        needs: 'SSD or NVMe',
        measure: measure.solidState(vars.dataFolder),
        next: 'put the data on an SSD: each commit waits for the disk',
      }),
      precondition('disk latency', {
        needs: `at most ${vars.fsyncMs} ms an fsync`,
        measure: measure.fsyncLatency(vars.dataFolder, vars.fsyncMs),
        next: 'a disk with power-loss protection, or an idle one; etcd loses its leader when writes take longer',
      }),
      precondition('ports', {
        needs: 'nobody else on the ports of the stack',
        measure: measure.portsFree(measure.stackPorts(shared.monitoring.hosts.length > 0), host.name),
        next: 'stop what listens there (ss -ltunp), or remove its package; the stack takes nothing over',
      }),
      precondition('names', {
        needs: "peers' names lead to the inventory's addresses",
        measure: measure.namesResolve(others),
        next: 'mend DNS or /etc/hosts; the role base writes the peers there',
      }),
      precondition('peers', {
        needs: `every peer answers, with packets of ${mtu} bytes`,
        measure: measure.peersReachable(
          others.map((h) => h.address),
          mtu,
        ),
        next: 'look at cables, VLAN and MTU (ip link), and at firewalls between the hosts; where the network takes less than the interface sends, set that on the interface, or as preflight.mtu',
      }),
      precondition("swarm's load balancer", {
        level: 'warning',
        needs: 'the kernel module ip_vs',
        measure: measure.loadBalancer(),
        next: 'nothing of the stack needs it; services of your own must publish with mode: host and endpoint_mode: dnsrr',
      }),
      precondition('downloads', {
        needs: 'package sources and the image registry answer',
        measure: measure.downloads(vars.registry),
        next: 'look at DNS, the route and the proxy (/etc/apt/apt.conf.d); mend or remove the source',
      }),
    ]
  },
})
