import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Ends whatever still runs in a cgroup of ours and removes it; the kernel needs a moment to let the last ones go. */
export async function removeCgroup(path: string): Promise<void> {
  if (!existsSync(path)) return
  writeFileSync(join(path, 'cgroup.kill'), '1')
  for (let tries = 0; ; tries++) {
    try {
      return removeTree(path)
    } catch (error) {
      if (tries === 50) throw error
      await sleep(100)
    }
  }
}

function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(path, entry.name))
  rmdirSync(path)
}
