import type { LoadedHost, Packet, Verdict } from './packet.ts'
import { isBroadcast, isLocal, isLowest, isMulticast } from './places.ts'
import type { Family } from './rules.ts'
import type { Chain, Table } from './ruleset.ts'
import { type End, judge, notKnown } from './verdict.ts'
import { firstState, type Header, type Hook, headerOf, type State } from './view.ts'
import { type Ended, type Scene, TooMuch, Walk } from './walk.ts'
import { joinAll, onSide, stateKey, type World } from './world.ts'

/** The tables at each hook, in the order of their priorities (linux/netfilter_ipv4.h). */
const tables: Readonly<Record<Hook, readonly string[]>> = {
  PREROUTING: ['raw', 'mangle', 'nat'],
  INPUT: ['mangle', 'filter', 'security', 'nat'],
  FORWARD: ['mangle', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
}

/**
 * What the loaded rules do with a packet that comes to the host from outside: raw, mangle and nat PREROUTING, the decision
 * where it goes, then mangle, filter and security of INPUT or FORWARD. Pure.
 *
 * Not asked: whether someone listens, rp_filter and the like of the kernel (they only close more), routing by mark, and
 * what becomes of the answer.
 */
export function evaluate(host: LoadedHost, packet: Packet): Verdict {
  const header = headerOf(packet)
  const journey = new Journey(host, header)
  try {
    journey.run()
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    return notKnown(['accept', 'drop'], error.message)
  }
  const verdict = judge(journey.ends, header)
  const hidden = blindSpot(host, packet.family)
  return hidden === undefined ? verdict : { ...verdict, ...notKnown(['accept', 'drop'], hidden) }
}

interface Asked {
  readonly table: Table
  readonly chain: Chain
}

class Journey {
  readonly ends: End[] = []
  readonly #host: LoadedHost
  readonly #header: Header
  readonly #budget = { steps: 0 }

  constructor(host: LoadedHost, header: Header) {
    this.#host = host
    this.#header = header
  }

  run(): void {
    const start: World = {
      state: firstState(this.#header),
      path: undefined,
      forks: undefined,
      isFlood: false,
    }
    for (const { world } of this.#hook('PREROUTING', [{ result: 'accept', world: start }])) this.#route(world)
  }

  #route(world: World): void {
    const way = wayOf(this.#host, this.#header, world.state)
    const cause = { why: 'whether the packet is for this host is not known', path: world.path }
    if (way !== 'forward') this.#input(way === 'input' ? world : onSide(world, cause, 0))
    if (way !== 'input') this.#forward(way === 'forward' ? world : onSide(world, cause, 1))
  }

  #input(world: World): void {
    for (const ended of this.#hook('INPUT', [{ result: 'accept', world }], 'input'))
      this.ends.push({ ...ended, way: 'input' })
  }

  #forward(world: World): void {
    const { family, destination } = this.#header
    const isToMany = isMulticast(destination, family) || isBroadcast(this.#host, family, destination)
    // ip_forward.c drops what came to many, even when DNAT gave it one destination.
    if (isToMany || this.#host.forwarding?.[family] === false) {
      const because = isToMany
        ? 'what was sent to many is not forwarded'
        : 'the packet is for another host, and this one does not forward'
      this.ends.push({ result: 'drop', world, because, way: 'forward' })
      return
    }
    const forwarded = this.#hook('FORWARD', [{ result: 'accept', world }], 'forward')
    // The policy of FORWARD is the better reason: what follows only rewrites the source.
    for (const ended of this.#hook('POSTROUTING', forwarded, 'forward'))
      this.ends.push({ ...ended, way: 'forward' })
  }

  /** Those that pass all tables of the hook; the others have come to an end. */
  #hook(hook: Hook, arriving: readonly Ended[], way?: 'input' | 'forward'): readonly Ended[] {
    let passing = arriving
    for (const name of tables[hook]) {
      const [first, second] = this.#chains(name, hook)
      if (!first) continue
      const through = ({ table, chain }: Asked, before: Ended) => {
        if (name === 'nat' && !asksNat(this.#header, before.world.state, hook)) return [before]
        const scene: Scene = { host: this.#host, header: this.#header, table: name, hook }
        const ends = new Walk(table, scene, this.#budget).run(chain, before.world)
        return ends.flatMap((ended) => this.#sort(ended, before, name, way))
      }
      passing = joinEnds(
        passing.flatMap((before) => {
          if (!second) return through(first, before)
          // At one priority the kernel asks who registered last first (nf_hook_entries_grow): no listing of rules tells it.
          const why = `both backends have rules in ${hook} (${name}), and which of them come first is not known`
          const cause = { why, path: before.world.path }
          const either = (one: Asked, other: Asked, side: number) =>
            joinEnds(through(one, { ...before, world: onSide(before.world, cause, side) })).flatMap((ended) =>
              through(other, ended),
            )
          return [...either(first, second, 0), ...either(second, first, 1)]
        }),
      )
    }
    return passing
  }

  /** The chains of one name at a hook: one of each backend, where both may do something. */
  #chains(name: string, hook: Hook): readonly Asked[] {
    const all = this.#host.rulesets.flatMap((ruleset): readonly Asked[] => {
      const table = ruleset.family === this.#header.family ? ruleset.tables.get(name) : undefined
      const chain = table?.chains.get(hook)
      return table && chain ? [{ table, chain }] : []
    })
    const busy = all.filter(({ chain }) => chain.rules.length > 0 || chain.policy !== 'ACCEPT')
    return busy.length > 0 ? busy : all.slice(0, 1)
  }

  #sort(ended: Ended, before: Ended, table: string, way: 'input' | 'forward' | undefined): readonly Ended[] {
    if (ended.result !== 'accept') {
      this.ends.push({ ...ended, way: way ?? wayOf(this.#host, this.#header, ended.world.state) })
      return []
    }
    if (table === 'filter') return [ended]
    // An accept elsewhere only means: go on. What led to it is of interest where it changed the packet.
    const isSame = stateKey(ended.world.state) === stateKey(before.world.state)
    return [{ ...before, world: isSame ? { ...ended.world, path: before.world.path } : ended.world }]
  }
}

/** Only the first packet of a connection is asked, and only until one rule has sent it somewhere (nf_nat_inet_fn). */
function asksNat(header: Header, state: State, hook: Hook): boolean {
  return header.state === 'NEW' && !state.isNotrack && !(hook === 'PREROUTING' && state.isNatDone)
}

function joinEnds(ends: readonly Ended[]): readonly Ended[] {
  if (ends.length < 2) return ends
  const because = new Map(ends.map((ended) => [stateKey(ended.world.state), ended.because]))
  return joinAll(ends.map(({ world }) => world)).map((world): Ended => {
    const reason = because.get(stateKey(world.state))
    return { result: 'accept', world, ...(reason === undefined ? {} : { because: reason }) }
  })
}

function wayOf(host: LoadedHost, { family }: Header, state: State): 'input' | 'forward' | 'unknown' {
  const { destination, isToSelf } = state
  if (isToSelf) return 'input'
  if (destination === undefined) return 'unknown'
  if (isLocal(host, family, destination) || isMulticast(destination, family)) return 'input'
  if (isBroadcast(host, family, destination)) return 'input'
  return isLowest(host, family, destination) ? 'unknown' : 'forward'
}

/** What no evaluation sees. */
function blindSpot(host: LoadedHost, family: Family): string | undefined {
  const hidden = host.rulesets.flatMap((ruleset) => (ruleset.family === family ? ruleset.hidden : []))
  if (hidden.length > 0) return `iptables cannot show the table ${hidden.join(', ')}`
  const { foreign = [] } = host
  return foreign.length > 0 ? `nftables has a table of its own: ${foreign.join(', ')}` : undefined
}
