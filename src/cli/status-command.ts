import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError, ProvisionError } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Transport } from '../model/transport.ts'
import { formatStatus } from '../report/status-text.ts'
import { judge, type Status } from '../status/judge.ts'
import { lookScript, parseLook } from '../status/look.ts'
import { connectorFor } from './connector.ts'
import type { ClusterFlags } from './flags.ts'

/** `provision status`: exit code 0 only when all is well, 3 when a host could not be reached. */
export async function statusCommand(flags: ClusterFlags): Promise<number> {
  const inventory = loadInventory(flags.inventory)
  const { hosts } = inventory
  const vip = vipOf(hosts)
  const connector = connectorFor(flags, (name) => hosts.find((h) => h.name === name))
  const links = new Map<Host, Transport>()
  const isTerminal = process.stdout.isTTY === true
  const color = isTerminal && !process.env.NO_COLOR
  try {
    for (;;) {
      const status = judge(
        vip,
        await Promise.all(hosts.map((host) => viewOf(host, vip, links, connector.connect))),
      )
      if (flags.watch && isTerminal) process.stdout.write('\u001b[H\u001b[2J')
      console.log(flags.output === 'json' ? JSON.stringify(status) : formatStatus(status, color))
      if (!flags.watch) return exitCodeOf(status)
      await sleep(2000)
    }
  } finally {
    await Promise.all([...links.values()].map((link) => link[Symbol.asyncDispose]()))
    connector.close()
  }
}

async function viewOf(
  host: Host,
  vip: string,
  links: Map<Host, Transport>,
  connect: (host: Host) => Promise<Transport>,
): Promise<Status['hosts'][number]> {
  try {
    const link = links.get(host) ?? (await connect(host))
    links.set(host, link)
    const started = Date.now() / 1000
    const output = await link.exec(lookScript(host, vip), { timeoutMs: 20_000 })
    return { name: host.name, votes: hasVote(host), view: parseLook(output, daysLeft, started) }
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error
    links.delete(host)
    return { name: host.name, votes: hasVote(host), unreachable: error.failure.what }
  }
}

function daysLeft(pem: string): number {
  return (new X509Certificate(pem).validToDate.getTime() - Date.now()) / (24 * 60 * 60 * 1000)
}

function exitCodeOf({ ok, hosts }: Status): number {
  if (hosts.some((h) => h.unreachable)) return 3
  return ok ? 0 : 1
}

/** Is the host a member of etcd, as the inventory says it? */
function hasVote({ name, vars }: Host): boolean {
  const { voters } = (vars.cluster ?? {}) as { readonly voters?: readonly string[] }
  return voters?.includes(name) ?? true
}

/** The address that clients use, as the inventory says it. */
export function vipOf(hosts: readonly Host[]): string {
  const [host] = hosts
  const { vip } = (host?.vars.cluster ?? {}) as { readonly vip?: string }
  if (vip) return vip
  throw new InputError({
    what: 'the inventory has no cluster.vip',
    next: 'this command is for a cluster of the playbook site: set vars: { cluster: { vip: … } }',
  })
}
