import { printAddress } from './address.ts'
import type { Result, Verdict } from './packet.ts'
import type { Header, State } from './view.ts'
import type { Ended } from './walk.ts'
import { dividing, stepsOf } from './world.ts'

/** A way of the packet, and where it led. */
export interface End extends Ended {
  readonly way: 'input' | 'forward' | 'unknown'
}

/** What is possible, and why no more is known. */
export function notKnown(possible: readonly Result[], because: string): Verdict {
  return { result: 'unknown', possible, way: 'unknown', path: [], because }
}

/** One result for all ways that a first packet may take; what a flood meets is told beside. */
export function judge(ends: readonly End[], header: Header): Verdict {
  const first = ends.filter(({ world }) => !world.isFlood)
  const [end] = first
  if (!end) return notKnown(['accept', 'drop'], 'no way of the packet comes to an end')
  const other = first.find(({ result }) => result !== end.result)
  const way = first.every((one) => one.way === end.way) ? end.way : 'unknown'
  if (other) {
    const cause = dividing(end.world, other.world)
    const path = stepsOf(cause?.path)
    return {
      result: 'unknown',
      possible: order.filter((result) => first.some((one) => one.result === result)),
      way,
      path: cause?.rule ? [...path, cause.rule] : path,
      because: cause?.why ?? 'two ways lead to different results',
    }
  }
  return {
    result: end.result,
    possible: [end.result],
    way,
    path: stepsOf(end.world.path),
    ...rewritten(first, header),
    ...(ends.some(({ result }) => result !== end.result) ? { limited: true } : {}),
    ...(end.because === undefined ? {} : { because: end.because }),
  }
}

const order: readonly Result[] = ['accept', 'drop', 'reject']

function rewritten(ends: readonly End[], header: Header): { rewritten?: NonNullable<Verdict['rewritten']> } {
  const states = ends.map(({ world }) => world.state)
  const isChanged = (state: State) =>
    state.destination !== header.destination || state.destinationPort !== header.destinationPort
  if (!states.some(isChanged)) return {}
  const destination = same(states.map((state) => state.destination))
  const port = same(states.map((state) => state.destinationPort))
  return {
    rewritten: {
      ...(destination === undefined ? {} : { destination: printAddress(destination, header.family) }),
      ...(port === undefined ? {} : { port }),
    },
  }
}

function same<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined
}
