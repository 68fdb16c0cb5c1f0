import { afterAll, beforeAll, expect, test } from 'vitest'
import { wipe } from '../../src/lab/host.ts'
import { up } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { runs } from '../lab/acting.ts'
import { good, labInventory, provision } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, on, untilWell } from '../lab/cluster.ts'
import { blank, inventoryWith, membersSeenBy } from '../lab/machines.ts'

const four = inventoryWith((document, at) => {
  document.setIn(['hosts', 'h4'], at('h4'))
  document.setIn(['groups', 'db', 'hosts', 0], 'h[1:4]')
  document.setIn(['vars', 'cluster', 'voters'], ['h1', 'h2', 'h3'])
})

beforeAll(async () => {
  await clusterUp()
  await untilWell()
  await up(4)
})
// The next suite goes on with the three.
afterAll(async () => {
  await wipe(labHost('h4'))
  await untilWell()
})

test('a fourth standby is added and removed again while writes go on', async () => {
  const hostKey = await blank('h4')
  const writer = await Writer.start()
  try {
    const started = performance.now()
    const added = await good(
      provision(['add', 'h4', ...four, '--yes', '--output', 'plain', '--host-key', hostKey]),
    )
    const took = (performance.now() - started) / 1000
    await untilWell(60, four)
    // It streams, and has no vote; nobody else was restarted.
    expect(added).not.toMatch(/^h[123] {2}changed {2}(swarm-service|patroni-restart)/m)
    expect((await membersSeenBy('h1')).members.map((m) => m.name).sort()).toEqual(['h1', 'h2', 'h3'])
    expect((await provision(['plan', ...four, '--detailed-exitcode'])).code).toBe(0)
    const again = await provision(['add', 'h4', ...four, '--yes', '--output', 'plain'])
    expect([again.code, again.stdout]).toEqual([1, expect.stringContaining('h4 answers as itself')])

    const voter = await provision(['remove', 'h1', ...four, '--yes', '--output', 'plain'])
    expect([voter.code, voter.stderr]).toEqual([4, expect.stringContaining('cluster.voters names h1')])

    // It dies while the host leaves: what is taken over leaves, and is forgotten.
    const words = ['remove', 'h4', ...four, '--yes', '--output', 'plain']
    const dead = await provision(words, { killWhen: /h4 {2}changed {2}\S+\[postgres-h4\]/ })
    expect(dead.code).toBeNull()
    await expect
      .poll(async () => (await runs(four))[0]?.unfinished?.isRunning, { timeout: 60_000 })
      .toBe(false)
    const gone = await good(provision(['resume', ...four, '--yes', '--output', 'plain']))
    expect(gone).toMatch(/takes over .* not finished on/)
    await untilWell()
    const { outage, lost } = await writer.stop()
    console.log(
      `a fourth standby: added in ${took.toFixed(0)} s, then removed: ${outage.toFixed(1)} s without a write`,
    )
    expect(lost).toEqual([])
    expect(outage).toBeLessThan(5)
  } catch (error) {
    writer.kill()
    throw error
  }
  const nodes = await on(
    'h1',
    sh`docker node ls --format '{{.Hostname}}'; docker service ls -q --filter name=postgres-h4`,
  )
  expect(nodes.split('\n').sort()).toEqual(['h1', 'h2', 'h3'])
  expect(await on('h1', sh`docker secret ls --format '{{.Name}}' | grep h4 || echo none`)).toBe('none')
  expect(await on('h4', sh`docker ps -q | wc -l; ls -d /var/lib/pg/data/main`)).toBe(
    '0\n/var/lib/pg/data/main',
  )
  expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
  // An inventory that still names it does not bring it back by itself.
  const still = await provision([...four, '--yes', '--output', 'plain'])
  expect([still.code, still.stdout]).toEqual([1, expect.stringContaining('provision add h4')])
  expect(still.stdout).not.toContain('changed  ')
})
