import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostKey, start, untilSsh, wipe } from '../../src/lab/host.ts'
import { sh } from '../../src/shell/sh.ts'
import { fingerprint } from '../../src/transport/host-keys.ts'
import { labInventory, provision, type Run } from './cli.ts'
import { Writer } from './client.ts'
import { clusterUp, hostNamed, on, roles, status, untilWell } from './cluster.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

/** The machine burns; a blank one with the same name and address stands in its place, up, and nothing on it. */
async function blank(name: string): Promise<string> {
  const host = await hostNamed(name)
  await wipe(host)
  await start(host)
  await untilSsh(host)
  return fingerprint(Buffer.from(hostKey(host).split(' ')[1] ?? '', 'base64'))
}

const replace = (name: string, ...args: readonly string[]): Promise<Run> =>
  provision(['replace', name, ...labInventory, '--yes', '--output', 'plain', ...args])

interface Members {
  readonly members: readonly {
    readonly name?: string
    readonly clientURLs?: readonly string[]
    readonly isLearner?: boolean
  }[]
}

/** etcd's members as a host that stays sees them, once a second, until it is ended. */
function watch(from: string): { end(): Promise<readonly string[]> } {
  const seen: string[] = []
  let isOver = false
  const work = (async () => {
    while (!isOver) {
      const { members } = await membersSeenBy(from)
      seen.push(
        members
          .map((m) => `${m.name ?? '?'}${m.isLearner ? ' learner' : ''}`)
          .sort()
          .join(', '),
      )
      await sleep(1000)
    }
  })()
  return {
    async end() {
      isOver = true
      await work
      return [...new Set(seen)]
    },
  }
}

async function membersSeenBy(name: string): Promise<Members> {
  const list = sh`curl -fK /etc/provision/tls/curl.conf -d '{}' https://127.0.0.1:2379/v3/cluster/member/list`
  return JSON.parse(await on(name, list)) as Members
}

for (const role of ['a standby', 'the primary'] as const)
  test(`the machine of ${role} is replaced by one command: three again, nothing acknowledged is lost`, async () => {
    const { leader, standbys, holder } = await roles()
    const name = role === 'the primary' ? leader : (standbys.find((s) => s !== holder) ?? leader)
    const [other = ''] = ['h1', 'h2', 'h3'].filter((h) => h !== name)
    const writer = await Writer.start()
    try {
      const shown = await blank(name)
      // The others have noticed, and another one leads.
      await writer.untilCalm()
      const stranger = await replace(name, '--host-key', 'SHA256:doubtful')
      expect([stranger.code, stranger.stdout]).toEqual([1, ''])
      expect(stranger.stderr).toContain(
        `shows ssh-ed25519 ${shown}, not SHA256:doubtful: nothing was changed`,
      )

      const look = await replace(name, '--host-key', shown, '--check')
      expect([look.code, look.stdout]).toEqual([0, expect.stringContaining(`no-swarm-ghost[${name}]`)])
      // What is no replacement keeps its hands off: the machine would come back under the dead one's entry.
      const plain = await provision([...labInventory, '--yes', '--output', 'plain'])
      expect([plain.code, plain.stdout]).toEqual([
        1,
        expect.stringContaining(`→ a machine in the place of the old one: provision replace ${name}`),
      ])
      expect(plain.stdout).not.toContain('changed  ')

      const members = watch(other)
      const started = performance.now()
      const run = await replace(name)
      if (run.code !== 0) throw new Error(run.stdout.slice(-3000) + run.stderr)
      const took = (performance.now() - started) / 1000
      await untilWell()
      const seen = await members.end()
      console.log(`${role} replaced: ${took.toFixed(0)} s; etcd's members meanwhile: ${seen.join(' | ')}`)

      expect(
        (await membersSeenBy(other)).members
          .map((m) => [m.name, m.clientURLs?.length, m.isLearner === true])
          .sort(),
      ).toEqual(['h1', 'h2', 'h3'].map((h) => [h, 1, false]))
      const nodes = await on(
        other,
        sh`docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'`,
      )
      expect(
        nodes
          .split('\n')
          .map((line) => line.split(' ').slice(0, 2).join(' '))
          .sort(),
      ).toEqual(['h1 Ready', 'h2 Ready', 'h3 Ready'])
      const outcome = await writer.stop()
      console.log(
        `${role} replaced under a writer: ${outcome.outage.toFixed(1)} s without a write, ${outcome.lost.length} lost`,
      )
      expect(outcome.lost).toEqual([])
      expect(outcome.outage).toBeLessThan(role === 'the primary' ? 30 : 5)
      expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
    } catch (error) {
      writer.kill()
      throw error
    }
  })

test('a host that is there is not replaced; nothing is changed', async () => {
  const run = await replace('h2')
  expect(run.code).toBe(1)
  expect(run.stdout + run.stderr).toContain('h2 answers as itself')
  expect(run.stdout).not.toContain('changed  ')
  expect((await status()).ok).toBe(true)
})
