import { afterAll, beforeAll, expect, test } from 'vitest'
import { patroniRequest } from '../../src/patroni/api.ts'
import { act, done, runs } from './acting.ts'
import { labInventory, provision } from './cli.ts'
import { clusterUp, hostNamed, on, roles, status, untilWell } from './cluster.ts'

const hosts = ['h1', 'h2', 'h3']

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

test('PostgreSQL is restarted only where a restart is pending; what nobody wants any more is forgotten', async () => {
  // Runs of earlier suites that were meant to fail.
  for (const { id } of (await runs()).filter((r) => r.unfinished))
    await provision(['runs', 'forget', id, ...labInventory])
  expect((await act(['resume'])).stdout).toContain('nothing to take over')
  const { leader, standbys } = await roles()
  const [one = ''] = standbys
  const { address } = await hostNamed(leader)
  const patch = (size: number | null) =>
    on(
      leader,
      patroniRequest(
        `postgres-${leader}`,
        'PATCH',
        `https://${address}:8008/config`,
        JSON.stringify({ postgresql: { parameters: { track_activity_query_size: size } } }),
        10,
      ),
    )
  const waiting = async () =>
    (await status()).hosts.flatMap((h) => (h.view?.patroni?.pendingRestart ? [h.name] : []))
  await patch(2048)
  await expect.poll(waiting, { timeout: 30_000 }).toEqual(hosts)
  const restarted = await act(['restart', one])
  expect(restarted.stdout).toContain(
    `${one}  changed  patroni-restart[pending]  restart track_activity_query_size`,
  )
  expect(await waiting()).toEqual(hosts.filter((h) => h !== one))
  // Back as it was, so that the next suite finds what it expects; half of it in a run that dies.
  await patch(null)
  const killed = await act(['restart'], { killWhen: 'changed  patroni-restart' })
  const [open] = await runs()
  expect([killed.code, open?.playbook, open?.unfinished?.isRunning]).toEqual([null, 'restart', false])
  const forgotten = await provision(['runs', 'forget', open?.id ?? '', ...labInventory])
  expect([forgotten.code, (await runs()).filter((r) => r.unfinished)]).toEqual([0, []])
  // The member that the dead run has restarted does not take part yet: that is waited for, not refused.
  expect(await done('restart')).toContain('changed  patroni-restart')
  await untilWell()
  expect((await act(['restart'])).stdout).not.toContain('changed  ')
})
