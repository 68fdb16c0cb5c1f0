/**
 * `npm test`: everything this machine can run, then one line `N passed, N failed, N skipped`.
 * Where the lab cannot run (no root, not Linux) its tests are counted as skipped, and one line says why.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down } from '../src/lab/lab.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))
const reportFile = join(folder, 'report.json')
// The browser's and the kernel's tests are asked for everywhere: where they cannot run they count as skipped.
const projects = ['unit', 'browser', 'kernel']
const obstacle = labObstacle()
if (obstacle) console.log(`lab tests are skipped: ${obstacle}`)
else projects.push('lab')

const vitest = spawn(
  join(import.meta.dirname, '..', 'node_modules', '.bin', 'vitest'),
  [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    '--reporter=verbose',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
  ],
  { stdio: 'inherit' },
)
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    isInterrupted = true
    vitest.kill(signal)
  })
const [code] = (await once(vitest, 'close')) as [number | null]
if (isInterrupted) {
  // vitest does not run its `afterAll` then: the lab is ours to take down.
  await down()
  rmSync(folder, { recursive: true })
  process.exit(130)
}
const counts = JSON.parse(readFileSync(reportFile, 'utf8')) as {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
}
rmSync(folder, { recursive: true })
console.log(
  `${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`,
)
process.exitCode = code ?? 1

function labObstacle(): string | undefined {
  if (process.platform !== 'linux') return `the lab needs Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'the lab needs root'
  return undefined
}
