import { isDeepStrictEqual } from 'node:util'
import { InputError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Playbook } from '../model/playbook.ts'
import type { Fact } from '../model/probe.ts'
import { flatten, idOf, whereOf } from '../model/resource.ts'
import type { Peer, Role } from '../model/role.ts'
import { bundle } from './bundle.ts'
import { turnScript } from './journal.ts'
import type { RunOptions } from './options.ts'
import type { Wanted } from './plan.ts'
import { ask, type Session } from './session.ts'

export async function openSession(host: Host, { connect, report }: RunOptions): Promise<Session> {
  const started = performance.now()
  const transport = await connect(host)
  report({ type: 'connect', host: host.name, ms: performance.now() - started })
  return {
    host,
    cluster: [],
    transport,
    facts: {},
    wanted: [],
    states: new Map(),
    journal: { owed: new Map(), managed: [], begun: [] },
    turn: undefined,
    approved: new Set(),
    roundTrips: 0,
    ok: 0,
    changed: 0,
    checked: 0,
    skipped: 0,
    failed: false,
    unreachable: false,
    recorded: false,
    applied: new Set(),
    interrupts: [],
    pruned: [],
    done: [],
  }
}

/** All facts of all roles of the playbook in one exec; none where no role asks for any. */
export async function gatherFacts(s: Session, playbook: Playbook, { report }: RunOptions): Promise<void> {
  const roles = playbook.plays.flatMap((play) => play.roles)
  const facts = new Map<string, Fact<unknown>>(
    roles.flatMap((role) => Object.values(role.facts).map((fact) => [fact.name, fact] as const)),
  )
  if (facts.size === 0) return
  const list = [...facts.values()]
  const { parts, read } = bundle(list.map((fact) => fact.probe))
  const seconds = Math.max(60, ...list.map((fact) => fact.withinSeconds ?? 0))
  const [turn, ...outputs] = await ask(s, [{ script: turnScript }, ...parts], report, seconds * 1000)
  s.turn = turn?.stdout.trim()
  const answers = read(outputs)
  s.facts = Object.fromEntries(
    list.map((fact, i) => {
      const answer = answers[i]
      if (!answer?.output) throw new Error(`fact ${fact.name} gave no answer`)
      return [fact.name, fact.probe.parse(answer.output, answer.bodies)]
    }),
  )
}

/** What every role of every play wants on this host, in written order. Refuses two resources with one id. */
export function wantedBy(s: Session, sessions: readonly Session[], options: RunOptions): readonly Wanted[] {
  const wanted = options.playbook.plays.flatMap((play, playIndex) => {
    const hosts = options.hostsOf(play)
    if (!(play.once ? hosts.slice(0, 1) : hosts).includes(s.host)) return []
    return play.roles.flatMap((role) => {
      const scene = {
        vars: options.varsOf(s.host, role),
        facts: factsFor(role, s),
        shared: options.sharedOf?.(s.host, role) ?? {},
        secrets: options.secretsOf?.(s.host, role) ?? {},
        host: s.host,
        hosts: peers(role, hosts, sessions),
      }
      return flatten(role.resources(scene)).map((resource) => ({
        resource,
        role: role.name,
        play: play.name ?? play.on,
        playIndex,
        selected:
          (!options.phases || options.phases.has(play.phase ?? '')) &&
          isSelected(
            s,
            [role.name, ...(play.phase ? [play.phase] : []), ...(play.tags ?? []), ...resource.tags],
            options,
          ),
      }))
    })
  })
  return withoutDoubles(s, wanted, options.root)
}

function peers(role: Role, hosts: readonly Host[], sessions: readonly Session[]): readonly Peer<unknown>[] {
  return hosts.flatMap((host) => {
    const session = sessions.find((s) => s.host === host)
    return session ? [{ ...host, facts: factsFor(role, session) }] : []
  })
}

function factsFor(role: Role, s: Session): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(role.facts).map(([key, fact]) => [key, s.facts[fact.name]]))
}

function isSelected(s: Session, tags: readonly string[], { limit, tags: wanted }: RunOptions): boolean {
  return (!limit || limit.has(s.host.name)) && (!wanted || tags.some((tag) => wanted.has(tag)))
}

/** Two roles may wish for the very same thing (a package); two different wishes for one thing can never both hold. */
function withoutDoubles(s: Session, wanted: readonly Wanted[], root: string): readonly Wanted[] {
  const seen = new Map<string, Wanted>()
  for (const w of wanted) {
    const id = idOf(w.resource)
    const other = seen.get(id)
    if (!other) seen.set(id, w)
    else if (!isDeepStrictEqual(other.resource.desired, w.resource.desired))
      throw new InputError({
        host: s.host.name,
        where: whereOf(w.resource, root),
        what: `${id} is asked for twice, and differently; the other is at ${whereOf(other.resource, root)}`,
        next: 'keep one of them: two wishes for one thing can never both hold',
      })
    else if (w.selected && !other.selected) seen.set(id, { ...other, selected: true })
  }
  return [...seen.values()]
}
