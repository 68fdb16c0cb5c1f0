import { CommandError, lastLines } from '../errors.ts'
import type { Reporter } from '../model/event.ts'
import type { Transfer } from '../model/kind.ts'
import { ask, type Session } from './session.ts'

/** Streams data from another host of the run to this one. Throws CommandError with what either end said. */
export async function transfer(to: Session, way: Transfer, report: Reporter): Promise<void> {
  const from = to.cluster.find((s) => s.host.name === way.from)
  if (!from)
    throw new CommandError({
      host: to.host.name,
      what: `needs data from ${way.from}, which is not connected`,
    })
  const started = performance.now()
  const [have] = await ask(to, [{ script: way.have }], report)
  const sender = await from.transport.pipe(way.send(have?.stdout.trim() ?? ''))
  let bytes = 0
  sender.output.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  const receiver = await to.transport.pipe(way.receive, sender.output)
  receiver.output.resume()
  const [sent, received] = await Promise.all([sender.done, receiver.done])
  to.roundTrips++
  for (const [s, end] of [
    [from, sent],
    [to, received],
  ] as const)
    if (end.code !== 0)
      throw new CommandError({
        host: s.host.name,
        what: `the stream from ${from.host.name} to ${to.host.name} failed with exit code ${end.code}`,
        why: lastLines(end.stderr),
        next: 'run again: what has arrived is not sent twice',
      })
  const text = `${(bytes / 1e6).toFixed(0)} MB came from ${from.host.name} in ${((performance.now() - started) / 1000).toFixed(1)} s`
  report({ type: 'notice', host: to.host.name, text })
}
