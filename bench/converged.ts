/**
 * How fast is a run that has nothing to do? Measured in turns, in one run, against three parallel `ssh HOST true`
 * with OpenSSH's defaults, and against Ansible doing the same hundred things. Quote the ratios: machines differ.
 *
 *   npm run bench:converged [-- --no-ansible] [-- --turns 9]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { initPid } from '../src/lab/host.ts'
import { privateKey } from '../src/lab/image.ts'
import { down, knownHosts, up } from '../src/lab/lab.ts'
import { type LabHost, namespace } from '../src/lab/settings.ts'
import { runHere, succeeds } from '../src/lab/shell.ts'
import { writeAnsible } from './ansible.ts'

const { values } = parseArgs({
  options: { turns: { type: 'string', default: '9' }, 'no-ansible': { type: 'boolean' } },
})
const turns = Number(values.turns)
const root = join(import.meta.dirname, '..')
const inNetwork = ['nsenter', `--net=/run/netns/${namespace}`]
const inventory = ['--inventory', join(root, 'inventory/lab.yaml')]
const provision = (...args: readonly string[]) => [
  process.execPath,
  join(root, 'bin/main.mjs'),
  ...args,
  ...inventory,
]

const hosts = await up(3)
try {
  await measure()
} finally {
  await down()
}

async function measure(): Promise<void> {
  const hundred = provision('run', join(root, 'bench/hundred.ts'))
  const site = provision('--yes')
  const firstMs = await timed(hundred)
  await timed(site)

  const pids = await Promise.all(hosts.map(initPid))
  const ssh: number[] = []
  const ours: number[] = []
  const roles: number[] = []
  const processes: number[] = []
  const logins: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    ssh.push(await timedAll(hosts.map((h) => sshTrue(h))))
    ours.push(await timed(hundred))
    logins.push(await counted(pids[0], () => timed(sshTrue(hosts[0]))))
    processes.push(await counted(pids[0], () => timed(hundred)))
    roles.push(await timed(site))
  }
  const yard = median(ssh)
  console.log(`machine: ${(await runHere('nproc')).trim()} cores; ${turns} turns; medians`)
  row('three parallel `ssh HOST true`', yard, yard)
  row('(a) 100 resources × 3 hosts, converged', median(ours), yard)
  row('    the same, first run', firstMs, yard)
  console.log(`    remote processes a host: ${median(processes)}, of which a bare login: ${median(logins)}`)
  row('(c) five roles × 3 hosts, converged', median(roles), yard)
  if (!values['no-ansible']) await againstAnsible(hundred, yard)
}

async function againstAnsible(hundred: readonly string[], yard: number): Promise<void> {
  if (!(await succeeds('sh', '-c', 'command -v ansible-playbook')))
    await runHere('apt-get', '-qy', '--no-install-recommends', 'install', 'ansible-core')
  await Promise.all(
    hosts.map((h) =>
      runHere(
        ...onHost(
          h,
          'apt-get -qq update; apt-get -qqy install python3-minimal python3-apt python3 >/dev/null',
        ),
      ),
    ),
  )
  const folder = mkdtempSync(join(tmpdir(), 'provision-ansible-'))
  try {
    const book = writeAnsible(folder, hosts, privateKey, knownHosts)
    const ansible = [...inNetwork, 'ansible-playbook', book]
    await timed(ansible, folder)
    const theirs: number[] = []
    const ours: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      theirs.push(await timed(ansible, folder))
      ours.push(await timed(hundred))
    }
    row('(b) Ansible, pipelining on, converged', median(theirs), yard)
    console.log(`    Ansible / provision: ${(median(theirs) / median(ours)).toFixed(0)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function sshTrue(host: LabHost | undefined): readonly string[] {
  if (!host) throw new Error('the lab has no hosts')
  return onHost(host, 'true')
}

function onHost(host: LabHost, command: string): [string, ...string[]] {
  return [
    'nsenter',
    `--net=/run/netns/${namespace}`,
    'ssh',
    '-i',
    privateKey,
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
    `root@${host.address}`,
    command,
  ]
}

/**
 * The last process number that the host's own PID namespace gave out. Looking costs two numbers itself (nsenter forks
 * once), so two looks in a row tell what to take off.
 */
async function lastPid(init: number | undefined): Promise<number> {
  const said = await runHere('nsenter', `--target=${init}`, '--pid', '--mount', 'cat', '/proc/loadavg')
  return Number(said.trim().split(' ')[4])
}

/** How many processes a host starts while something runs. */
async function counted(init: number | undefined, work: () => Promise<unknown>): Promise<number> {
  const first = await lastPid(init)
  const before = await lastPid(init)
  await work()
  return (await lastPid(init)) - before - (before - first)
}

async function timedAll(commands: readonly (readonly string[])[]): Promise<number> {
  const started = performance.now()
  await Promise.all(commands.map((c) => timed(c)))
  return performance.now() - started
}

/** Milliseconds of a whole process. Throws when it fails: a failed run is no measurement. */
function timed([command = '', ...args]: readonly string[], cwd = root): Promise<number> {
  const started = performance.now()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (data) => {
    said += data
  })
  child.stderr.on('data', (data) => {
    said += data
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code) =>
      code === 0
        ? resolve(performance.now() - started)
        : reject(new Error(`${command} ${args.join(' ')} exited with ${code}:\n${said.slice(-2000)}`)),
    )
  })
}

function row(what: string, ms: number, yard: number): void {
  console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(7)} ms   ${(ms / yard).toFixed(2)} ×`)
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
