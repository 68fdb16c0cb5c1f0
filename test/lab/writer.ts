/**
 * A client of the cluster: one INSERT every 50 ms through one address, each number that was acknowledged remembered.
 * Runs inside the lab's network; prints one JSON line for each acknowledgement or failure.
 *
 *   PGPASSWORD=… node writer.ts HOST DATABASE USER CA_FILE TABLE [anew]
 *
 * `anew`: a new connection for each write, as a program without a pool makes them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { connected } from './connected.ts'

const [host = '', database = '', user = '', ca = '', table, anew] = process.argv.slice(2)
// A commit that waits for a standby is not failed; one that nobody will answer must end some time.
const connect = () => connected({ host, database, user, ca, query_timeout: 3000 })
let client: Client | undefined
let isStopping = false
process.on('SIGTERM', () => {
  isStopping = true
})

const tell = (row: object) => process.stdout.write(`${JSON.stringify({ at: Date.now(), ...row })}\n`)

for (let n = 1; !isStopping; n++) {
  const started = performance.now()
  try {
    client ??= await connect()
    await client.query(`INSERT INTO ${table} (n) VALUES ($1)`, [n])
    tell({ acknowledged: n })
    if (anew) {
      await client.end()
      client = undefined
    }
  } catch (error) {
    tell({ failed: n, why: error instanceof Error ? error.message : String(error) })
    client?.removeAllListeners('end')
    client?.end().catch(() => undefined)
    client = undefined
  }
  await sleep(Math.max(0, 50 - (performance.now() - started)))
}
process.exit(0)
