import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { folder, namespace } from '../../src/lab/settings.ts'
import { readVault } from '../../src/vault/store.ts'
import { provision } from './cli.ts'

export const vip = '10.77.0.100'
export const place = { file: join(folder, 'secrets.age'), identity: join(folder, 'age.key'), recipients: [] }

/** SQL through the VIP, as the owner of a database; gives the rows without decoration. */
export async function query(database: string, text: string): Promise<string> {
  const { code, stdout, stderr } = await provision([
    'psql',
    database,
    '--inventory',
    'inventory/lab.yaml',
    '-c',
    `COPY (${text}) TO STDOUT`,
  ])
  if (code !== 0) throw new Error(stderr)
  return stdout.trim()
}

export async function execute(database: string, text: string): Promise<void> {
  const { code, stderr } = await provision([
    'psql',
    database,
    '--inventory',
    'inventory/lab.yaml',
    '-c',
    text,
  ])
  if (code !== 0) throw new Error(stderr)
}

export interface Outcome {
  readonly acknowledged: number
  /** Longest time between two acknowledged writes, in seconds. */
  readonly outage: number
  /** All times of more than half a second between two acknowledged writes, added up: seconds. */
  readonly silence: number
  /** Acknowledged, and not in the table. */
  readonly lost: readonly number[]
  readonly failures: readonly string[]
}

interface Row {
  readonly at: number
  readonly acknowledged?: number
  readonly why?: string
}

/** A program of this folder, as a client of the cluster: in the lab's network, beside the hosts. */
async function client(
  script: string,
  database: string,
  user: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const entries = await readVault(place)
  const authority = JSON.parse(entries['tls/ca'] ?? '{}') as { certificate: string }
  mkdirSync(folder, { recursive: true })
  const ca = join(folder, 'ca.crt')
  writeFileSync(ca, authority.certificate)
  const words = [join(import.meta.dirname, script), vip, database, user, ca, ...args]
  return spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PGPASSWORD: entries[`db-${user}`] },
  })
}

/** Asks through the VIP, without a limit of time; gives what came while `work` was done, and up to `limitSeconds` later. */
export async function askedDuring(
  text: string,
  limitSeconds: number,
  work: () => Promise<unknown>,
): Promise<string> {
  const child = await client('asker.ts', 'distributed_postgres_cluster', 'cluster_app', [text])
  try {
    const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]()
    if ((await lines.next()).value !== 'asked') throw new Error('the asker does not get through')
    const answer = lines.next().then((line) => String(line.value))
    await work()
    return await Promise.race([answer, sleep(limitSeconds * 1000, `no answer ${limitSeconds} s later`)])
  } finally {
    child.kill('SIGKILL')
  }
}

/** A writer through the VIP, one INSERT every 50 ms. */
export class Writer {
  readonly #database: string
  readonly #table: string
  readonly #child: ChildProcess
  #text = ''

  private constructor(database: string, table: string, child: ChildProcess) {
    this.#database = database
    this.#table = table
    this.#child = child
    child.stdout?.on('data', (data) => {
      this.#text += data
    })
  }

  /** Starts one and waits until ten writes were acknowledged. */
  static async start(
    database = 'distributed_postgres_cluster',
    user = 'cluster_app',
    options: { readonly anew?: boolean } = {},
  ): Promise<Writer> {
    const table = `writes_${Date.now()}`
    await execute(database, `CREATE TABLE ${table} (n bigint PRIMARY KEY)`)
    const child = await client('writer.ts', database, user, [table, ...(options.anew ? ['anew'] : [])])
    const writer = new Writer(database, table, child)
    for (let i = 0; i < 300 && writer.#acknowledged().length < 10; i++) await sleep(100)
    if (writer.#acknowledged().length < 10)
      throw new Error(`the writer does not get through: ${writer.#text.slice(-500)}`)
    return writer
  }

  /** Waits until writes have been acknowledged without a break for some seconds, then some more. */
  async untilCalm(seconds = 3, limitSeconds = 120): Promise<void> {
    const limit = Date.now() + limitSeconds * 1000
    while (Date.now() < limit) {
      await sleep(250)
      const since = this.#acknowledged().filter((row) => row.at > Date.now() - seconds * 1000)
      const times = [Date.now() - seconds * 1000, ...since.map((row) => row.at), Date.now()]
      const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
      if (since.length > 0 && Math.max(...gaps) < 1000) return
    }
    throw new Error(`no writes for long: ${this.#text.slice(-500)}`)
  }

  /** Ends it, and compares what was acknowledged with what is there. */
  async stop(): Promise<Outcome> {
    const ended = once(this.#child, 'close')
    const until = Date.now()
    this.#child.kill('SIGTERM')
    await ended
    const rows = this.#acknowledged()
    const there = new Set(
      (await query(this.#database, `SELECT n FROM ${this.#table}`)).split('\n').map(Number),
    )
    // An outage that lasts until the end is one, too.
    const times = [...rows.map((row) => row.at), until]
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
    await execute(this.#database, `DROP TABLE ${this.#table}`)
    return {
      acknowledged: rows.length,
      outage: Math.max(0, ...gaps) / 1000,
      silence: gaps.filter((ms) => ms > 500).reduce((sum, ms) => sum + ms, 0) / 1000,
      lost: rows.flatMap(({ acknowledged: n = 0 }) => (there.has(n) ? [] : [n])),
      failures: [...new Set(this.#rows().flatMap((row) => row.why ?? []))],
    }
  }

  /** Ends it without a word, for tests that have failed. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #rows(): readonly Row[] {
    const end = this.#text.lastIndexOf('\n')
    return this.#text
      .slice(0, end)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row)
  }

  #acknowledged(): readonly Row[] {
    return this.#rows().filter((row) => row.acknowledged !== undefined)
  }
}
