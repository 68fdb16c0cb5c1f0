import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { checkTypes } from '../../../src/cli/check-types.ts'

const root = join(import.meta.dirname, '../../..')
/** Outside of the project: a site of one's own. */
const site = mkdtempSync(join(tmpdir(), 'provision-site-'))
const playbook = join(site, 'playbooks', 'site.ts')
const write = (name: string, text: string) => writeFileSync(join(site, name), text)

beforeEach(() => {
  rmSync(site, { recursive: true })
  for (const folder of ['playbooks', 'roles', 'shared']) mkdirSync(join(site, folder), { recursive: true })
  write('package.json', '{ "type": "module" }')
  write('playbooks/site.ts', "export { wish } from '../roles/motd.ts'\n")
  write('roles/motd.ts', "import { text } from '../shared/text.ts'\nexport const wish: string = text\n")
  write('shared/text.ts', "export const text = 'hello'\n")
})
afterAll(() => rmSync(site, { recursive: true }))

const old = new Date('2020-01-01')
const wrong = 'export const text = 1234567\n'

test.each<readonly [string, () => void]>([
  ['a file two imports away', () => write('shared/text.ts', wrong)],
  [
    'an edit of the same size that puts the time back',
    () => {
      write('shared/text.ts', wrong)
      utimesSync(join(site, 'shared/text.ts'), old, old)
    },
  ],
  [
    'another file under the same name',
    () => {
      write('shared/other.ts', wrong)
      renameSync(join(site, 'shared/other.ts'), join(site, 'shared/text.ts'))
    },
  ],
  ['a file that is gone', () => rmSync(join(site, 'shared/text.ts'))],
  [
    'a package that says how files are understood',
    () => write('shared/package.json', '{ "type": "commonjs" }'),
  ],
])('a wrong edit is found, wherever it is: %s', { timeout: 60_000 }, (_, edit) => {
  utimesSync(join(site, 'shared/text.ts'), old, old)
  const checked = checkTypes(playbook, root)
  expect([...checked.keys()]).toContain(join(site, 'shared/text.ts'))
  // The very same answer is kept as long as nothing changes.
  expect(checkTypes(playbook, root)).toEqual(checked)
  edit()
  expect(() => checkTypes(playbook, root)).toThrow(/(motd|text)\.ts/)
})

test('an unchanged playbook costs next to nothing', { timeout: 60_000 }, () => {
  const real = join(root, 'playbooks/site.ts')
  checkTypes(real, root)
  const times = [1, 2, 3, 4, 5].map(() => {
    const started = performance.now()
    checkTypes(real, root)
    return performance.now() - started
  })
  // 2.4 ms measured; the best of five, on a machine that does other things too.
  expect(Math.min(...times)).toBeLessThan(100)
})

test('a link that leads elsewhere is noticed before anything behind it runs', {
  timeout: 60_000,
}, () => {
  rmSync(join(site, 'shared/text.ts'))
  write('shared/good.ts', "export const text = 'hello'\n")
  write('shared/bad.ts', wrong)
  symlinkSync('good.ts', join(site, 'shared/text.ts'))
  checkTypes(playbook, root)
  rmSync(join(site, 'shared/text.ts'))
  symlinkSync('bad.ts', join(site, 'shared/text.ts'))
  // In a process of its own: here the test runner's loader stands before Node's.
  const script = `import { importChecked } from ${JSON.stringify(join(root, 'src/cli/check-types.ts'))}
await importChecked(${JSON.stringify(playbook)}, ${JSON.stringify(root)}, () => import(${JSON.stringify(playbook)}))`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(stderr).toContain("Type 'number' is not assignable to type 'string'")
  expect(status).not.toBe(0)
})
