/**
 * `npm test`: everything this machine can run, then one line `N passed, N failed, N skipped`.
 * Where the lab cannot run (no root, not Linux) its tests are counted as skipped, and one line says why.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'provision-test-'))
const reportFile = join(folder, 'report.json')
const projects = ['unit']
const obstacle = labObstacle()
if (obstacle) console.log(`lab tests are skipped: ${obstacle}`)
else projects.push('lab')

const vitest = spawnSync(
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
const counts = JSON.parse(readFileSync(reportFile, 'utf8')) as {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
}
rmSync(folder, { recursive: true })
console.log(
  `${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`,
)
process.exitCode = vitest.status ?? 1

function labObstacle(): string | undefined {
  if (process.platform !== 'linux') return `the lab needs Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'the lab needs root'
  return undefined
}
