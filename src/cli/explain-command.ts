import type { RunResult } from '../engine/run.ts'
import { InputError } from '../errors.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Playbook } from '../model/playbook.ts'
import { idOf, whereOf } from '../model/resource.ts'
import { describe } from '../report/plain.ts'
import { hide } from '../secret/known.ts'
import { toJson } from '../secret/secret.ts'

/** `explain HOST role.key`: where a value came from, and what it overrode. Needs no connection. */
export function explainVar(
  inventory: Inventory,
  playbook: Playbook,
  host: Host,
  name: string,
): string | undefined {
  const path = name.split('.')
  const role = playbook.plays.flatMap((play) => play.roles).find((r) => r.name === path[0])
  if (!role) return undefined
  const value = path.slice(1).reduce<unknown>((inner, key) => at(inner, key), inventory.varsFor(host, role))
  const [winner, ...losers] = inventory.originOf(host, path)
  return [
    `${name} on ${host.name} = ${toJson(value)}`,
    winner ? `  from ${winner.level}, ${winner.where}` : `  default of role ${role.name}`,
    ...losers.map((l) => `  over ${toJson(l.value)} from ${l.level}, ${l.where}`),
  ].join('\n')
}

/** `explain HOST kind[name]`: who asks for it, what it is and should be, why it would act. */
export function explainResource(result: RunResult, host: string, id: string, root: string): string {
  const session = result.sessions.find((s) => s.host.name === host)
  if (!session) throw new InputError({ what: `${host} could not be looked at` })
  const wanted = session.wanted.find((w) => idOf(w.resource) === id)
  if (!wanted) {
    const near = session.wanted
      .map((w) => idOf(w.resource))
      .filter((other) => other.includes(id.replace(/^\w+\[|\]$/g, '')))
    throw new InputError({
      what: `no role asks for ${id} on ${host}`,
      next:
        near.length > 0 ? `did you mean ${near.slice(0, 5).join(', ')}?` : 'see: provision plan --verbose',
    })
  }
  const { resource, role, play } = wanted
  const step = result.plans.find((p) => p.host === host)?.steps.find((s) => s.id === id)
  const asked = session.wanted
    .filter((w) => w.resource.triggers.some((t) => idOf(t) === id))
    .map((w) => idOf(w.resource))
  return [
    `${id} on ${host}`,
    `  asked for by role ${role} in play "${play}", ${whereOf(resource, root)}`,
    `  wish: ${hide(toJson(resource.desired) ?? '').slice(0, 2000)}`,
    step ? `  differs: ${describe(step).slice(id.length + 2)}` : '  is as it should be',
    ...(step?.triggeredBy ?? []).map((cause) => `  due because of ${cause}`),
    ...resource.triggers.map((t) => `  acts when ${idOf(t)} changes`),
    ...asked.map((other) => `  its change makes ${other} act`),
  ].join('\n')
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}
