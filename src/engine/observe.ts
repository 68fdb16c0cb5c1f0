import { CommandError, lastLines } from '../errors.ts'
import type { Kind } from '../model/kind.ts'
import type { Probe } from '../model/probe.ts'
import type { Resource } from '../model/resource.ts'
import { type Answer, type Bundle, bundle } from './bundle.ts'
import { askKind } from './users-kind.ts'

/** What resources were seen to be. */
export type States = ReadonlyMap<Resource, unknown>

/** A look at many resources: one probe a kind, whatever the number of resources. */
export interface Glance {
  readonly parts: Bundle['parts']
  /** Pairs the answers with the resources. Throws CommandError when a read failed: it is never a default. */
  match(outputs: Parameters<Bundle['read']>[0], host: string): States
}

export function glance(resources: readonly Resource[], root = ''): Glance {
  // By probe, not by kind: kinds that share one (file, directory, link) are read in one question.
  const byProbe = Map.groupBy(resources, (r) => r.kind.probe)
  const looks = [...byProbe.values()].flatMap((members) => {
    const kind = members[0]?.kind
    if (!kind) return []
    const probe = askKind('probe', kind, members, root, () => kind.probe(members.map((r) => r.desired)))
    return [{ kind, members, probe }]
  })
  const { parts, read } = bundle(looks.map(({ probe }) => probe))
  return {
    parts,
    match(outputs, host) {
      const answers = read(outputs)
      const states = new Map<Resource, unknown>()
      looks.forEach(({ kind, members, probe }, i) => {
        const actual = parse(kind, probe, answers[i], host)
        members.forEach((r, j) => {
          states.set(r, actual[j])
        })
      })
      return states
    },
  }
}

function parse(
  kind: Kind,
  probe: Probe<readonly unknown[]>,
  answer: Answer | undefined,
  host: string,
): readonly unknown[] {
  const output = answer?.output
  if (!answer || !output)
    throw new CommandError({
      host,
      what: `reading ${kind.name} resources gave no answer`,
      why: probe.script.shown,
    })
  try {
    return probe.parse(output, answer.bodies)
  } catch (cause) {
    throw new CommandError({
      host,
      what: `reading ${kind.name} resources failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      why: [
        `exit code ${output.code}`,
        lastLines(output.stderr),
        `ran: ${lastLines(probe.script.shown, 6)}`,
        ...(probe.gets ?? []).map(({ url }, i) => `${url}: ${answer.bodies[i] ? 'answered' : 'no answer'}`),
      ]
        .filter(Boolean)
        .join('\n'),
      cause,
    })
  }
}
