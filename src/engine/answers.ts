import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, lastLines } from '../errors.ts'
import type { Ask } from '../model/ask.ts'
import type { Reporter } from '../model/event.ts'
import type { Output } from '../model/probe.ts'
import { bundle } from './bundle.ts'
import { ask, type Session } from './session.ts'

const turns = new WeakMap<Session, Promise<unknown>>()
const pauseMs = 1000
const nothing = { output: undefined, bodies: [] }

/** Puts a resource's questions to other hosts. Throws CommandError when one has no answer in time. */
export async function answersFor(
  s: Session,
  asks: readonly Ask<unknown>[],
  report: Reporter,
): Promise<readonly unknown[]> {
  return Promise.all(asks.map((question) => answer(s, question, report)))
}

async function answer(s: Session, question: Ask<unknown>, report: Reporter): Promise<unknown> {
  const other = s.cluster.find((c) => c.host.name === question.host)
  if (!other)
    throw new CommandError({
      host: s.host.name,
      what: `needs an answer from ${question.host}, which is not connected`,
    })
  const limit = performance.now() + question.withinSeconds * 1000
  for (;;) {
    const { parts, read } = bundle([question.probe])
    const [{ output, bodies } = nothing] = read(await inTurn(other, () => ask(other, parts, report)))
    try {
      if (output) return question.probe.parse(output, bodies)
    } catch (cause) {
      if (performance.now() >= limit) throw noAnswer(s, question, output, cause)
    }
    if (other.failed) throw noAnswer(s, question, output, undefined)
    await sleep(pauseMs)
  }
}

/** One question to a host at a time: sshd opens ten channels at most (MaxSessions), and its own work needs some. */
function inTurn<T>(other: Session, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(other) ?? Promise.resolve()).then(work)
  turns.set(
    other,
    turn.catch(() => undefined),
  )
  return turn
}

function noAnswer(
  s: Session,
  { host, withinSeconds }: Ask<unknown>,
  output: Output | undefined,
  cause: unknown,
) {
  return new CommandError({
    host: s.host.name,
    what: `got no answer from ${host} within ${withinSeconds} s: ${cause instanceof Error ? cause.message : 'it has failed'}`,
    why: lastLines(output?.stderr ?? ''),
    next: `mend ${host} first; then run again`,
    cause,
  })
}
