import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kill } from '../../src/lab/host.ts'
import { down, up } from '../../src/lab/lab.ts'
import { labHost } from '../../src/lab/settings.ts'
import { events, labInventory, planned, provision } from './cli.ts'

const folder = join(import.meta.dirname, '..', '..', '.cache', 'test-playbooks')

/** A playbook of one small role, written for a test. */
function playbookFile(name: string, resources: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.ts`)
  const text = `import { file, check, playbook, role, t } from 'provision'
const wishes = role({ name: 'wishes', vars: t.Object({}), resources: () => [${resources}] })
export default playbook('${name}', { name: 'small', on: 'all', roles: [wishes] })
`
  writeFileSync(path, text)
  return path
}

/** Runs on a terminal of its own, as an operator sees it; control codes stay in. */
function onTerminal(...args: string[]): { readonly text: string; readonly code: number | null } {
  return answering('', ...args)
}

function answering(
  input: string,
  ...args: string[]
): { readonly text: string; readonly code: number | null } {
  const line = [process.execPath, 'bin/main.mjs', ...args].map((a) => `'${a}'`).join(' ')
  const { stdout, status } = spawnSync('script', ['-qec', `stty cols 120 rows 40; ${line}`, '/dev/null'], {
    encoding: 'utf8',
    input,
  })
  return { text: stdout, code: status }
}

beforeAll(async () => {
  await up(3)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await down()
})

test('doctor measures three fit hosts and exits 0', async () => {
  const { code, stdout } = await provision(['doctor', ...labInventory])
  // A kernel without ip_vs is something to know, nothing to mend.
  expect(stdout).toMatch(/All is well\.|^0 to mend, 3 to know\.$/m)
  expect(stdout).toMatch(/✔ +disk latency +[\d.]+ ms/)
  expect(stdout).toMatch(/✔ +downloads +3 sources answer/)
  expect(code).toBe(0)
})

test('doctor says per host what is amiss and what to do, and exits 1', async () => {
  const unfit = ['--set', 'preflight.minimumRamGb=9999', '--set', 'preflight.fsyncMs=0.000001']
  const { code, stdout } = await provision(['doctor', ...labInventory, ...unfit])
  expect(stdout).toMatch(/h2 {2}memory: [\d.]+ GB; needs at least 9999 GB\n {2}→ add memory/)
  expect(stdout).toMatch(/h3 {2}disk latency: [\d.]+ ms; needs/)
  expect(code).toBe(1)
})

test('a run on an unfit machine is refused before anything is changed', async () => {
  const { code, stdout } = await provision([...labInventory, '--set', 'preflight.minimumCores=999'])
  expect(code).toBe(1)
  expect(stdout).toContain('does not meet what this run needs; nothing was changed')
  expect(stdout).toContain('precondition[cores]: found 2 cores, needs at least 999 cores')
  expect(planned(await events(['plan'])).length).toBeGreaterThan(100)
})

test('on a terminal: the hosts side by side, the plan, the counts', () => {
  const small = playbookFile('small', `file('/etc/small', { content: 'x' }), check('true', 'true')`)
  const { text, code } = onTerminal('run', small, ...labInventory)
  expect(text).toContain('look at 3 hosts')
  expect(text).toMatch(/h2 {2}2 resources, 1 to change/)
  expect(text).toMatch(/\+ file\[\/etc\/small\]/)
  expect(text).toMatch(/h3 {2}1 done/)
  expect(text).toMatch(/ok=0 changed=1 checked=1 failed=0 skipped=0/)
  expect(code).toBe(0)
  const again = onTerminal('run', small, ...labInventory)
  expect(again.text).toMatch(/h1 {2}2 resources, as they should be/)
})

test('a failure on a terminal is told in full', () => {
  const bad = playbookFile('bad', `check('never', 'echo because; false', { withinSeconds: 0 })`)
  const { text, code } = onTerminal('run', bad, ...labInventory)
  expect(text).toContain('check[never] failed')
  expect(text).toContain('because')
  expect(code).toBe(1)
})

test('more than a restart at stake: a terminal is asked once, and no means that nothing is changed', async () => {
  const risky = playbookFile(
    'risky',
    `file('/etc/risky', { content: 'x', risk: ['data'] }), check('true', 'true')`,
  )
  const no = answering('n\n', 'run', risky, ...labInventory)
  expect(no.text).toContain('This touches: data. Go on? [y/N]')
  expect(no.text).toContain('not approved: nothing was changed')
  expect(no.code).toBe(1)
  expect(planned(await events(['plan', risky]))).toHaveLength(3)
  const yes = answering('y\n', 'run', risky, ...labInventory)
  expect([yes.code, planned(await events(['plan', risky]))]).toEqual([0, []])
})

test('without a terminal nothing more than a restart is done unasked, and the words that are told suffice', async () => {
  const risky = playbookFile('unasked', `file('/etc/unasked', { content: 'x', risk: ['data', 'reboot'] })`)
  const run = (...more: string[]) => provision(['run', risky, ...labInventory, ...more])
  for (const more of [[], ['--output', 'json'], ['--yes=ssh'], ['--yes=data']]) {
    const { code, stderr } = await run(...more)
    expect([more, code, stderr]).toEqual([more, 4, expect.stringContaining('nothing was changed')])
    expect(stderr).toMatch(/h1 {2}file\[\/etc\/unasked\] {2}\[.*reboot.*\]/)
  }
  // `| tee log` takes the terminal's other half away.
  const line = [process.execPath, 'bin/main.mjs', 'run', risky, ...labInventory]
    .map((a) => `'${a}'`)
    .join(' ')
  const tee = spawnSync('script', ['-qec', `set -o pipefail; ${line} 2>&1 | cat`, '/dev/null'], {
    encoding: 'utf8',
    input: 'y\n',
    env: { ...process.env, SHELL: '/bin/bash' },
  })
  expect([tee.status, tee.stdout]).toEqual([4, expect.stringContaining('--yes=reboot,data')])
  const unknown = await run('--yes=rebot')
  expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('did you mean reboot?')])
  // Nothing was changed so far, no lock was taken, and no run is told of.
  expect(planned(await events(['plan', risky]))).toHaveLength(3)
  expect((await provision(['runs', ...labInventory, '--output', 'json'])).stdout).not.toContain('unasked')
  expect((await run('--yes=reboot,data')).code).toBe(0)
  expect(planned(await events(['plan', risky]))).toEqual([])
})

test('JUnit: a suite a host, a changed step is a case, a step that a plan finds different is a failure', async () => {
  const small = playbookFile('junit', `file('/etc/junit', { content: '<&>' })`)
  const plan = await provision(['plan', small, ...labInventory, '--output', 'junit'])
  expect(plan.stdout).toMatch(/^<\?xml/)
  expect(plan.stdout.match(/<testsuite name="h[123]" tests="2" failures="1"/g)).toHaveLength(3)
  const run = await provision(['run', small, ...labInventory, '--output', 'junit'])
  expect(run.stdout.match(/<testsuite name="h[123]" tests="2" failures="0"/g)).toHaveLength(3)
  expect(run.stdout).toMatch(/name="file\[\/etc\/junit\]"/)
})

test('a type error in a playbook is bad input with file and line, before any connection', async () => {
  const wrong = playbookFile('wrong', `file('/etc/wrong', { contents: 'x' })`)
  const { code, stdout, stderr } = await provision(['run', wrong, ...labInventory])
  expect(code).toBe(4)
  expect(stderr).toMatch(/test-playbooks\/wrong\.ts:2:\d+: error TS2353: .*'contents' does not exist/)
  expect(stdout).toBe('')
  rmSync(wrong)
})

test('a host that is down: exit 3, it is named, and nothing is changed anywhere', async () => {
  await kill(labHost('h3'))
  const { code, stdout } = await provision([...labInventory])
  expect(code).toBe(3)
  expect(stdout).toMatch(/h3 {2}UNREACHABLE/)
  expect(stdout).toContain('nothing was changed: not every host could be planned')
  expect(stdout).toMatch(/h1 .* changed=0 /)
})
