/**
 * Whom Alertmanager tells: prints each alert of each message as a JSON line. Runs inside the lab's network.
 *
 *   node receiver.ts ADDRESS PORT
 *
 * A line `refuse` on its standard input makes it answer 500 from then on, `accept` ends that.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'

interface Message {
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved'
    readonly labels: Readonly<Record<string, string>>
    readonly startsAt: string
  }[]
}

const [address, port] = process.argv.slice(2)
let isRefusing = false
createInterface({ input: process.stdin })
  .on('line', (line) => {
    isRefusing = line === 'refuse'
  })
  // Who started it has died.
  .on('close', () => process.exit())
createServer(async (request, response) => {
  const { alerts } = (await json(request)) as Message
  if (!isRefusing)
    for (const { status, labels, startsAt } of alerts)
      process.stdout.write(
        `${JSON.stringify({ at: Date.now(), to: request.url, status, labels, startsAt: Date.parse(startsAt) })}\n`,
      )
  response.writeHead(isRefusing ? 500 : 200).end()
}).listen(Number(port), address, () => console.log('{}'))
