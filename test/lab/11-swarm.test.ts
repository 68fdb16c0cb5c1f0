import { afterAll, beforeAll, expect, test } from 'vitest'
import { down, up } from '../../src/lab/lab.ts'
import { type Script, sh } from '../../src/shell/sh.ts'
import { changed, events, labInventory, provision, summaries } from './cli.ts'
import { connection } from './connection.ts'
import { on as onHost } from './engine.ts'

const stack = 'playbooks/stack.ts'
let log: string

beforeAll(async () => {
  await up(3)
  const prepared = await provision(['run', 'playbooks/prepare.ts', ...labInventory, '--yes'])
  if (prepared.code !== 0) throw new Error(prepared.stdout + prepared.stderr)
  const { stdout, stderr } = await provision(['run', stack, ...labInventory, '--verbose'])
  log = stdout + stderr
})
afterAll(() => down())

async function on(name: string, script: Script): Promise<string> {
  const host = (await up(3)).find((h) => h.name === name)
  if (!host) throw new Error(`no host ${name}`)
  return onHost(connection(host), script)
}

const managers = sh`docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}' | grep ' Ready' | cut -d' ' -f1,2 | sort`

test('three hosts become managers of one swarm, with the address pool that was set', async () => {
  expect(await on('h2', managers)).toBe('h1 Ready\nh2 Ready\nh3 Ready')
  expect(
    await on('h2', sh`docker info --format '{{.Swarm.Cluster.DefaultAddrPool}} {{.Swarm.NodeAddr}}'`),
  ).toBe('[10.201.0.0/16] 10.77.0.12')
})

test('the join token is in no log, not even a verbose one', () => {
  expect(log).toContain('‹secret swarm join token›')
  expect(log).not.toContain('SWMTKN')
})

test('again: nothing changes', async () => {
  const again = await events(['run', stack])
  expect([changed(again), summaries(again).map((h) => [h.status, h.checked])]).toEqual([
    [],
    [
      ['ok', 1],
      ['ok', 1],
      ['ok', 1],
    ],
  ])
})
