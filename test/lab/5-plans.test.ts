import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mustMatch, savedHosts } from '../../src/engine/saved-plan.ts'
import { directory, file, sh } from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { absentOf } from '../../src/resources/absent.ts'
import { labInventory, provision } from './cli.ts'
import { connection } from './connection.ts'
import { converge, on } from './engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-plans-'))
const planFile = join(folder, 'plan.json')
const chrony = ['--tags', 'chrony']
let hosts: readonly Host[]

beforeAll(async () => {
  hosts = (await up(3)).map((host) => connection(host))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await down()
})

function host(index: number): Host {
  const found = hosts[index]
  if (!found) throw new Error(`no host ${index}`)
  return found
}

test('a saved plan is applied exactly, and readable by its owner only', async () => {
  expect((await provision(['plan', ...labInventory, ...chrony, '--out', planFile])).code).toBe(0)
  expect(statSync(planFile).mode & 0o777).toBe(0o600)
  const applied = await provision(['apply', planFile])
  expect([applied.code, applied.stderr]).toEqual([0, ''])
  expect(await on(host(2), sh`systemctl is-active chrony; command -v docker || echo none`)).toBe(
    'active\nnone',
  )
})

test('a saved plan is refused when what it relied on has moved, and names it', async () => {
  await on(host(0), sh`systemctl stop chrony`)
  await provision(['plan', ...labInventory, ...chrony, '--out', planFile])
  await on(host(1), sh`systemctl stop chrony`)
  const { code, stderr } = await provision(['apply', planFile])
  expect(code).toBe(1)
  expect(stderr).toContain('no longer what the plan was made for: nothing was changed')
  expect(stderr).toContain('h2  service[chrony]  differs now, and did not when the plan was made')
  expect(await on(host(0), sh`systemctl is-active chrony || :`)).toBe('inactive')
})

test('a plan tells its steps apart by what they wish, not only by what they change', async () => {
  const wish = (content: string) => () => file('/root/f', { content })
  const one = await converge(hosts.slice(0, 1), wish('one'), { mode: 'plan' })
  const two = await converge(hosts.slice(0, 1), wish('two'), { mode: 'plan' })
  expect(() => mustMatch(savedHosts(one.plans), two.plans)).toThrow(
    /h1 {2}file\[\/root\/f\] {2}was seen in another state/,
  )
})

test('explain says who asks for a resource, and where a value comes from', async () => {
  const service = await provision(['explain', 'h1', 'service[chrony]', ...labInventory])
  expect(service.stdout).toMatch(
    /asked for by role chrony in play "prepare the hosts", roles\/chrony\.ts:\d+/,
  )
  expect(service.stdout).toContain('differs: running false → true')
  expect(service.stdout).toContain('acts when file[/etc/chrony/conf.d/provision.conf] changes')
  const value = await provision([
    'explain',
    'h1',
    'firewall.admin',
    ...labInventory,
    '--set',
    'firewall.admin=["10.0.0.0/8"]',
  ])
  expect(value.stdout).toMatch(
    /= \["10\.0\.0\.0\/8"\]\n {2}from --set.*\n {2}over \["10\.77\.0\.0\/24"\] from all, inventory\/lab\.yaml:\d+:\d+/,
  )
})

test('what was taken out of a role is an orphan in the plan, and --prune takes it away', async () => {
  const [one] = [hosts.slice(0, 1)]
  await converge(one, () => [
    file('/root/old', { content: 'x' }),
    directory('/root/old.d'),
    file('/root/kept', { content: 'x' }),
  ])
  const kept = () => file('/root/kept', { content: 'x' })
  const plan = await converge(one, kept, { mode: 'plan' })
  expect(plan.plans[0]?.orphans).toEqual(['directory[/root/old.d]', 'file[/root/old]'])
  const pruned = await converge(one, kept, { absentOf })
  expect(pruned.failures).toEqual([])
  expect(await on(host(0), sh`ls -d /root/old /root/old.d /root/kept 2>/dev/null || :`)).toBe(
    '/root/kept\n/root/old.d',
  )
  expect((await converge(one, kept, { mode: 'plan' })).plans[0]?.orphans).toEqual([])
})

test('the journal on the host says who changed what, and that a run failed', async () => {
  await converge(hosts.slice(0, 1), () => [
    file('/root/j', { content: 'x' }),
    file('/nowhere/j', { content: 'x' }),
  ])
  await converge(hosts.slice(0, 1), () => [file('/root/k', { content: 'x' }), directory('/root/kd')])
  const records = (await on(host(0), sh`tail -n 2 /var/lib/provision/journal`))
    .split('\n')
    .map((l) => JSON.parse(l))
  expect(records).toMatchObject([
    { who: 'test', playbook: 'test', changed: ['file[/root/j]'], failed: true },
    { who: 'test', playbook: 'test', changed: ['file[/root/k]', 'directory[/root/kd]'] },
  ])
})
