import { readFileSync } from 'node:fs'
import { Client, type ClientConfig } from 'pg'

/** A client in the lab's network; `ca`: the file with the authority of the cluster's certificates. PGPASSWORD is set. */
export async function connected({ ca, ...config }: ClientConfig & { ca: string }): Promise<Client> {
  const made = new Client({
    port: 5432,
    ssl: { ca: readFileSync(ca, 'utf8'), servername: '' },
    connectionTimeoutMillis: 1000,
    keepAlive: true,
    ...config,
  })
  // A broken connection is told by the query that finds it.
  made.on('error', () => undefined)
  await made.connect()
  return made
}
