import { spawnSync } from 'node:child_process'
import { obstacle } from './wire.ts'

/** Installs what the test needs, where it can. What keeps the test from running; undefined when nothing does. */
export function prepare(): string | undefined {
  const why = obstacle()
  if (process.getuid?.() !== 0 || why === undefined) return why
  const packages = ['python3', 'iproute2', 'nftables', 'iptables', 'ipset']
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return obstacle()
}
