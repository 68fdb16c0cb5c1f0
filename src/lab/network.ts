import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mirrors } from './base.ts'
import { bridge, cache, folder, gateway, type LabHost, labHosts, namespace, proxyPort } from './settings.ts'
import { pause, runHere, startDetached, succeeds } from './shell.ts'

const here = import.meta.dirname
const proxySocket = join(folder, 'proxy.sock')

/** The lab's own network: a namespace with a bridge as its switch. The machine gets no address, route or NAT. */
export async function networkUp(hosts: readonly LabHost[]): Promise<void> {
  if (!(await isWhole())) {
    // Whoever was killed in the middle of this left a namespace without its switch.
    if (await succeeds('ip', 'netns', 'pids', namespace)) await runHere('ip', 'netns', 'del', namespace)
    await runHere('ip', 'netns', 'add', namespace)
    await runHere('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
    await runHere(
      'ip',
      '-n',
      namespace,
      'link',
      'add',
      bridge,
      'type',
      'bridge',
      'stp_state',
      '0',
      'forward_delay',
      '0',
    )
    await runHere('ip', '-n', namespace, 'addr', 'add', `${gateway}/24`, 'dev', bridge)
    await runHere('ip', '-n', namespace, 'link', 'set', bridge, 'up')
  }
  const { main, security } = mirrors()
  const allow = [...new Set([main, security].map((uri) => new URL(uri).hostname))].join(',')
  await helper('proxy', process.execPath, [join(here, 'proxy.ts'), proxySocket, join(cache, 'apt')], {
    ALLOW: allow,
    SECURE: 'index.crates.io',
  })
  mkdirSync(join(folder, 'ssh'), { recursive: true })
  // Some more than there are: a host may be added later.
  const pairs = labHosts(Math.max(hosts.length, 6)).map((host) => `${host.socket}=${host.address}`)
  await helper('relay', 'nsenter', [
    `--net=/run/netns/${namespace}`,
    process.execPath,
    join(here, 'relay.ts'),
    gateway,
    String(proxyPort),
    proxySocket,
    ...pairs,
  ])
}

/** The switch is up, which is the last step of making the network. */
function isWhole(): Promise<boolean> {
  return succeeds('sh', '-c', `ip -n ${namespace} -o link show ${bridge} up 2>/dev/null | grep -q .`)
}

export async function networkDown(): Promise<void> {
  for (const name of ['relay', 'proxy']) {
    const pid = helperPid(name)
    if (pid) process.kill(pid, 'SIGTERM')
    rmSync(join(folder, `${name}.pid`), { force: true })
  }
  if (await succeeds('ip', 'netns', 'pids', namespace)) await runHere('ip', 'netns', 'del', namespace)
}

async function helper(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  if (helperPid(name)) return
  startDetached(join(folder, name), command, args, env)
  await pause(300)
}

function helperPid(name: string): number | undefined {
  const file = join(folder, `${name}.pid`)
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8'))
  // A pid may have been given to someone else since: only a process that runs our own script is ours.
  const line = `/proc/${pid}/cmdline`
  return existsSync(line) && readFileSync(line, 'utf8').includes(`${name}.ts`) ? pid : undefined
}
