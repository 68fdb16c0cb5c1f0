// Brings a fresh machine to where the project runs, then hands over to the Node LTS that the project brings itself.
// Plain JavaScript without dependencies: it is the one file that the machine's own (older) Node runs.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`Node ${process.versions.node} is too old to start with: install Node 20 or newer`)

const installed = join(root, 'node_modules', '.package-lock.json')
const lock = join(root, 'package-lock.json')
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  const modules = join(root, 'node_modules')
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink())
    fail('node_modules is a link: npm ci would empty what it leads to. Take the link away, and again')
  console.log('installing the packages of package-lock.json …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' })
}

const bin = join(root, 'node_modules', '.bin')
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
const steps = {
  quickstart: [['node', 'src/cli/quickstart.ts']],
  test: [
    ['biome', 'check', '.'],
    ['tsc', '--noEmit'],
    ['node', 'test/run.ts'],
  ],
}
const wanted = steps[process.argv[2]]
if (!wanted) fail(`usage: node bin/setup.mjs ${Object.keys(steps).join('|')}`)
// Ctrl-C reaches the children, too: they clean up, and we wait for them.
process.on('SIGINT', () => {})
for (const [command, ...args] of wanted) {
  const { status, signal } = spawnSync(join(bin, command), [...args, ...process.argv.slice(3)], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}

function fail(why) {
  console.error(why)
  process.exit(4)
}
