import { join } from 'node:path'
import { ProvisionError } from '../errors.ts'
import { lab } from '../lab/lab.ts'
import { runCommand } from './run-command.ts'

const root = join(import.meta.dirname, '..', '..')
const inventory = join(root, 'inventory', 'lab.yaml')

/** `npm run quickstart`: three hosts on this machine, prepared over SSH, and what to try next. */
async function quickstart(): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.error('The lab needs root on Debian or Ubuntu: three real hosts are started on this machine.')
    return 4
  }
  console.log('Starting three hosts (the first time this also builds their base system, about a minute) …')
  const started = await lab(['up'])
  if (started !== 0) return started
  console.log('\nFrom bare hosts to a highly available PostgreSQL, over SSH …')
  const begun = performance.now()
  const code = await runCommand('playbooks/site.ts', {
    inventory,
    forks: '20',
    output: 'auto',
    yes: 'all',
  })
  if (code !== 0) return code
  console.log(`
The cluster works: ${((performance.now() - begun) / 1000).toFixed(0)} s from bare hosts. Through its address, wherever the primary is:
  npx provision psql -i inventory/lab.yaml distributed_postgres_cluster
Try next:
  npx provision -i inventory/lab.yaml                       again: nothing changes
  npx provision status -i inventory/lab.yaml                the whole on one screen
  npx provision lab kill h1                                 pull the plug of a host …
  npx provision status -i inventory/lab.yaml --watch        … see another take over …
  npx provision lab start h1                                … and the host come back
  npx provision lab exec h1 sysctl -w vm.swappiness=60      make a host drift …
  npx provision plan -i inventory/lab.yaml --diff           … see it …
  npx provision -i inventory/lab.yaml                       … and heal it
  npx provision lab down                                    everything is gone, without a trace`)
  return 0
}

try {
  process.exitCode = await quickstart()
} catch (error) {
  if (!(error instanceof ProvisionError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
