import { connect as connectTcp } from 'node:net'
import { controlFindings, controlScript } from '../audit/control.ts'
import { destination } from '../audit/effect.ts'
import type { Finding, ReachCell } from '../audit/finding.ts'
import type { Judged } from '../audit/judge.ts'
import { controlName } from '../audit/matrix.ts'
import {
  atOnce,
  giveUpSeconds,
  keyOf,
  mostTargets,
  type Observed,
  parseProbe,
  probeScript,
  type Target,
} from '../audit/probe.ts'
import { ProvisionError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Transport } from '../model/transport.ts'
import type { Script } from '../shell/sh.ts'

/** Time for all tries of one host. */
const limitMs = 14_000

/** What real connections showed: the cells with what they met, and control ports that took an order. */
export interface Probed {
  readonly matrix: readonly ReachCell[]
  readonly orders: readonly Finding[]
}

/** Tries every cell that starts at a host of the inventory or here, and the control ports; all viewpoints at once. */
export async function probed(
  cells: readonly ReachCell[],
  judged: readonly Judged[],
  links: ReadonlyMap<string, Transport>,
): Promise<Probed> {
  const [matrix, orders] = await Promise.all([tried(cells, judged, links), ordered(judged, links)])
  return { matrix, orders }
}

async function ordered(
  judged: readonly Judged[],
  links: ReadonlyMap<string, Transport>,
): Promise<readonly Finding[]> {
  const each = judged.map(async ({ place }) => {
    const link = place && links.get(place.name)
    return link ? controlFindings(place, await said(link, controlScript(place))) : []
  })
  return (await Promise.all(each)).flat()
}

async function tried(
  cells: readonly ReachCell[],
  judged: readonly Judged[],
  links: ReadonlyMap<string, Transport>,
): Promise<readonly ReachCell[]> {
  const addressOf = (cell: ReachCell) => {
    const place = judged.find((j) => j.host.name === cell.to)?.place
    return place && destination(place, cell.family)?.address
  }
  const viewpoints = [...new Set(cells.map((c) => c.from))]
  const met = new Map(
    await Promise.all(
      viewpoints.map(async (from) => {
        const targets = cells.flatMap((cell): Target[] => {
          const address = addressOf(cell)
          if (cell.from !== from || !address || address.startsWith('fe80:')) return []
          if (cell.protocol === 'tcp')
            return [{ address, ...(cell.port === undefined ? {} : { port: cell.port }) }]
          return cell.protocol === 'ping' ? [{ address }] : []
        })
        const link = links.get(from)
        if (link) return [from, await fromHost(link, targets)] as const
        return [
          from,
          from === controlName && isDirect([...links.values()])
            ? await fromHere(targets, [...links.values()])
            : new Map(),
        ] as const
      }),
    ),
  )
  return cells.map((cell) => {
    const address = addressOf(cell)
    if (!address || (cell.protocol !== 'tcp' && cell.protocol !== 'ping')) return cell
    const port = cell.port === undefined ? {} : { port: cell.port }
    const observed = met.get(cell.from)?.get(keyOf({ address, ...port }))
    return observed === undefined ? cell : { ...cell, observed }
  })
}

async function fromHost(link: Transport, targets: readonly Target[]): Promise<ReadonlyMap<string, Observed>> {
  return targets.length === 0 ? new Map() : parseProbe(await said(link, probeScript(targets)))
}

/** A host that does not answer in time has said nothing. */
async function said(link: Transport, script: Script): Promise<string> {
  try {
    return (await link.exec(script, { timeoutMs: limitMs })).stdout
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error
    return ''
  }
}

/** Where a jump host or a socket stands between, this machine's packets do not reach the hosts themselves. */
function isDirect(links: readonly Transport[]): boolean {
  const direct = ({ connection }: Host) =>
    connection.transport === 'ssh' && !connection.jump && !connection.socket
  return links.every((link) => direct(link.host))
}

/**
 * From this machine; ping would need root here. SSH answers already: that is how we ask. To connect there without logging
 * in would make sshd shut us out when it is done often (PerSourcePenalties of OpenSSH 9.8).
 */
async function fromHere(
  all: readonly Target[],
  links: readonly Transport[],
): Promise<ReadonlyMap<string, Observed>> {
  const isSsh = ({ port }: Target) => links.some(({ host }) => (host.connection.port ?? 22) === port)
  const waiting = all.filter((t) => t.port !== undefined && !isSsh(t)).slice(0, mostTargets)
  const met = new Map<string, Observed>(all.filter(isSsh).map((t) => [keyOf(t), 'answered']))
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) met.set(keyOf(next), await connected(next))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return met
}

function connected({ address, port = 0 }: Target): Promise<Observed> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port, timeout: giveUpSeconds * 1000 })
    const end = (met: Observed) => {
      socket.destroy()
      resolve(met)
    }
    socket.once('connect', () => end('answered'))
    socket.once('timeout', () => end('silent'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'),
    )
  })
}
