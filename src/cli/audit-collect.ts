import type { Collect, Collected } from '../audit/audit.ts'
import { bySeverity } from '../audit/catalogue.ts'
import { reach } from '../audit/findings/reach.ts'
import { judge, type LookedAt } from '../audit/judge.ts'
import { matrixOf } from '../audit/matrix.ts'
import { type Answers, understand } from '../audit/observe.ts'
import { type Question, questionNames, scriptOf } from '../audit/questions.ts'
import { auditVars } from '../audit/waivers.ts'
import { bundle } from '../engine/bundle.ts'
import { batch } from '../engine/frame.ts'
import { ProvisionError } from '../errors.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Output } from '../model/probe.ts'
import type { Role } from '../model/role.ts'
import type { Connect, Transport } from '../model/transport.ts'
import { type FirewallRole, policies } from './firewall-policy.ts'

/** One look takes a second; a host that hangs is given up after this. */
const lookMs = 20_000

/** The audit of the hosts of an inventory: one question a host, all at once, then judged here. */
export function collectFor(inventory: Inventory, role: FirewallRole): Collect {
  return async (hosts, connect, options): Promise<Collected> => {
    const started = performance.now()
    const at = new Date().toISOString()
    const links: Transport[] = []
    try {
      // Also those that nobody asked about: their addresses are part of what the others must let in.
      const answers = await Promise.all(options.all.map((host) => look(host, connect, role.role, links)))
      const wishes = policies(
        role,
        inventory,
        (host) => answers.find((a) => a.host.name === host.name)?.facts,
      )
      const looked = answers.map((answer) => {
        const { unusedAfterDays } = inventory.varsFor(answer.host, auditVars) as { unusedAfterDays: number }
        return { ...lookedAt(answer, wishes.get(answer.host.name)), unusedAfterDays }
      })
      const judged = looked
        .filter((l) => hosts.some((host) => host.name === l.name))
        .map((l) => judge(l, looked, options.diff))
      const cells = judged.flatMap(matrixOf)
      const byName = new Map(links.map((link) => [link.host.name, link]))
      const { matrix, orders } = options.probe
        ? await (await import('./audit-probe.ts')).probed(cells, judged, byName)
        : { matrix: cells, orders: [] }
      return {
        at,
        inventory: options.inventory,
        hosts: judged.map((j) => j.host),
        findings: [...judged.flatMap((j) => j.findings), ...reach(matrix), ...orders].toSorted(bySeverity),
        matrix,
        probed: options.probe,
        ms: performance.now() - started,
      }
    } finally {
      await Promise.all(links.map((link) => link[Symbol.asyncDispose]()))
    }
  }
}

interface Answered {
  readonly host: Host
  readonly ms: number
  readonly failed?: string
  readonly facts?: Readonly<Record<string, unknown>>
  readonly answers?: Answers
  readonly link?: Transport
}

async function look(host: Host, connect: Connect, role: Role, links: Transport[]): Promise<Answered> {
  const started = performance.now()
  const facts = Object.entries(role.facts)
  try {
    const link = await connect(host)
    links.push(link)
    const asked = bundle(facts.map(([, fact]) => fact.probe))
    const { script, read } = batch([
      ...asked.parts,
      ...questionNames.map((question) => ({ script: scriptOf(question) })),
    ])
    const outputs = read(await link.exec(script, { timeoutMs: lookMs }))
    const answers = asked.read(outputs)
    const ms = performance.now() - started
    return {
      host,
      ms,
      link,
      facts: Object.fromEntries(
        facts.map(([key, fact], i) => [
          key,
          fact.probe.parse(must(answers[i]?.output, key), answers[i]?.bodies ?? []),
        ]),
      ),
      answers: Object.fromEntries(
        questionNames.map((question, i) => [question, outputs[asked.parts.length + i]] as const),
      ) as Partial<Record<Question, Output>>,
    }
  } catch (error) {
    const why = error instanceof ProvisionError ? error.failure.what : String(error)
    return { host, ms: performance.now() - started, failed: why }
  }
}

function must(output: Output | undefined, name: string): Output {
  if (!output) throw new Error(`${name}: the host did not run the script to its end`)
  return output
}

function lookedAt(
  { host, ms, failed, facts, answers }: Answered,
  policy: LookedAt['policy'] | undefined,
): Omit<LookedAt, 'unusedAfterDays'> {
  const { name, address } = host
  const network = (facts?.network ?? []) as readonly { readonly address: string }[]
  const login = facts?.login as { readonly from: string } | undefined
  const base = {
    name,
    address,
    ms,
    addresses: facts ? network.map((a) => a.address) : [address],
    ...(login ? { login: login.from } : {}),
  }
  if (failed !== undefined || !answers) return { ...base, failed: failed ?? 'no answer' }
  if (!policy) return { ...base, failed: 'no play of the playbook gives it the role firewall' }
  try {
    return { ...base, policy, seen: understand(answers) }
  } catch (error) {
    return { ...base, failed: error instanceof ProvisionError ? error.failure.what : String(error) }
  }
}
