import { isDeepStrictEqual } from 'node:util'
import { CommandError, InputError, isUsersThrow, lastLines, userPlace } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Playbook } from '../model/playbook.ts'
import type { Fact } from '../model/probe.ts'
import { flatten, idOf, type Resource, whereOf } from '../model/resource.ts'
import type { Peer, Role } from '../model/role.ts'
import { digestOf } from '../secret/digest.ts'
import { bundle } from './bundle.ts'
import { turnScript } from './journal.ts'
import type { RunOptions } from './options.ts'
import type { Wanted } from './plan.ts'
import { mustKnowTags, tagsFor } from './selection.ts'
import { ask, type Session } from './session.ts'
import { checkTriggers } from './triggers.ts'

export async function openSession(
  host: Host,
  { connect, report, whereOf: placeOf }: RunOptions,
): Promise<Session> {
  const started = performance.now()
  const transport = await connect(host)
  report({ type: 'connect', host: host.name, ms: performance.now() - started })
  return {
    host,
    where: placeOf?.(host),
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
      if (!answer?.output)
        throw new CommandError({ host: s.host.name, what: `the fact ${fact.name} gave no answer` })
      const { output, bodies } = answer
      try {
        return [fact.name, fact.probe.parse(output, bodies)]
      } catch (cause) {
        throw new CommandError({
          host: s.host.name,
          where: isUsersThrow(cause) ? userPlace((cause as Error).stack) : undefined,
          what: `reading the fact ${fact.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
          why: `exit code ${output.code}\n${lastLines(output.stderr)}`.trimEnd(),
          cause,
        })
      }
    }),
  )
}

/** As much of a session as roles see of it. */
type Seen = Pick<Session, 'host' | 'facts'>

/**
 * What every role of every play wants on this host, in written order. Refuses two resources with one id, and what would act on a
 * change that never comes.
 */
export function wantedBy(s: Seen, sessions: readonly Seen[], options: RunOptions): readonly Wanted[] {
  const wanted = rolesOn(s, options).flatMap(({ role, play, playIndex, hosts }) =>
    flatten(role.resources(sceneFor(role, s, hosts, sessions, options))).map((resource) => ({
      resource,
      role: role.name,
      play: play.name ?? play.on,
      playIndex,
      selected:
        (!options.phases || options.phases.has(play.phase ?? '')) &&
        isSelected(s, tagsFor(play, role, resource), options),
    })),
  )
  const single = withoutDoubles(s, wanted, options.root)
  checkTriggers(s.host.name, single, options.root)
  return single
}

/**
 * Before the first connection: roles that ask for no facts say what they want, so that what is wrong with it is told at
 * once. Throws what {@link wantedBy} throws.
 */
export function rehearse(hosts: readonly Host[], options: RunOptions): void {
  const sessions = hosts.map((host): Seen => ({ host, facts: {} }))
  const isPlain = (role: Role) => Object.keys(role.facts).length === 0
  const resources: Resource[] = []
  let isWhole = true
  for (const s of sessions) {
    const here = rolesOn(s, options)
    if (here.every(({ role }) => isPlain(role)))
      resources.push(...wantedBy(s, sessions, options).map((w) => w.resource))
    else {
      isWhole = false
      for (const { role, hosts: on } of here)
        if (isPlain(role)) role.resources(sceneFor(role, s, on, sessions, options))
    }
  }
  if (isWhole) mustKnowTags(options.tags, options.playbook, resources)
}

function rolesOn(s: Seen, options: RunOptions) {
  return options.playbook.plays.flatMap((play, playIndex) => {
    const hosts = options.hostsOf(play)
    if (!(play.once ? hosts.slice(0, 1) : hosts).includes(s.host)) return []
    return play.roles.map((role) => ({ role, play, playIndex, hosts }))
  })
}

function sceneFor(
  role: Role,
  s: Seen,
  hosts: readonly Host[],
  sessions: readonly Seen[],
  options: RunOptions,
) {
  return {
    vars: options.varsOf(s.host, role),
    facts: factsFor(role, s),
    shared: options.sharedOf?.(s.host, role) ?? {},
    secrets: options.secretsOf?.(s.host, role) ?? {},
    host: s.host,
    hosts: peers(role, hosts, sessions),
  }
}

function peers(role: Role, hosts: readonly Host[], sessions: readonly Seen[]): readonly Peer<unknown>[] {
  return hosts.flatMap((host) => {
    const session = sessions.find((s) => s.host === host)
    return session ? [{ ...host, facts: factsFor(role, session) }] : []
  })
}

function factsFor(role: Role, s: Seen): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(role.facts).map(([key, fact]) => [key, s.facts[fact.name]]))
}

function isSelected(s: Seen, tags: readonly string[], { limit, tags: wanted }: RunOptions): boolean {
  return (!limit || limit.has(s.host.name)) && (!wanted || tags.some((tag) => wanted.has(tag)))
}

/** Two roles may wish for the very same thing (a package); two different wishes for one thing can never both hold. */
function withoutDoubles(s: Seen, wanted: readonly Wanted[], root: string): readonly Wanted[] {
  const seen = new Map<string, Wanted>()
  for (const w of wanted) {
    const id = idOf(w.resource)
    const other = seen.get(id)
    if (!other) seen.set(id, w)
    else if (!isSameWish(other.resource, w.resource))
      throw new InputError({
        host: s.host.name,
        where: whereOf(w.resource, root),
        what: `${id} is asked for twice, and differently; the other is at ${whereOf(other.resource, root)}`,
        next: 'keep one of them: two wishes for one thing can never both hold',
      })
    else seen.set(id, united(other, w))
  }
  return [...seen.values()]
}

/** Secrets are compared by what they are, not by their names. */
function isSameWish(one: Resource, other: Resource): boolean {
  return isDeepStrictEqual(one.desired, other.desired) && digestOf(one.desired) === digestOf(other.desired)
}

/** Whoever asks for a thing a second time may act on more, interrupt more, or select it. */
function united(first: Wanted, second: Wanted): Wanted {
  const [a, b] = [first.resource, second.resource]
  const more = b.triggers.filter((trigger) => !a.triggers.some((known) => idOf(known) === idOf(trigger)))
  const resource = {
    ...a,
    triggers: [...a.triggers, ...more],
    risk: [...new Set([...a.risk, ...b.risk])],
    interrupts: [...new Set([...a.interrupts, ...b.interrupts])],
  }
  return { ...first, resource, selected: first.selected || second.selected }
}
