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
  console.log('\nPreparing them over SSH …')
  const code = await runCommand('playbooks/site.ts', {
    inventory,
    forks: '20',
    output: 'auto',
    yes: true,
  })
  if (code !== 0) return code
  console.log(`
Three hosts are prepared. Try next:
  npx provision --inventory inventory/lab.yaml              again: nothing changes
  npx provision lab exec h1 sysctl -w vm.swappiness=60      make a host drift …
  npx provision plan --inventory inventory/lab.yaml --diff  … see it …
  npx provision --inventory inventory/lab.yaml              … and heal it
  npx provision doctor --inventory inventory/lab.yaml       are the machines fit?
  npx provision run playbooks/stack.ts -i inventory/lab.yaml    one Docker Swarm of the three
  npx provision inventory show h1 --inventory inventory/lab.yaml
  npx provision lab ssh h1                                  look around
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
