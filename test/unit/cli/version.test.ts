import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import project from '../../../package.json' with { type: 'json' }

test('provision --version says the version of package.json', () => {
  const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'main.mjs')
  const { status, stdout } = spawnSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([0, `${project.version}\n`])
})
