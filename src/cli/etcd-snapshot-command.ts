import { createWriteStream, existsSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CommandError, InputError, lastLines } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Transport } from '../model/transport.ts'
import { sh } from '../shell/sh.ts'
import { withConnector } from './connector.ts'
import { setOf } from './day2.ts'
import type { RunFlags } from './flags.ts'
import { runCommand } from './run-command.ts'

const folder = '/var/lib/etcd-snapshots'

/** `provision etcd snapshot [--out FILE]`: one healthy member makes it; with `--out` the newest of all is brought here. */
export async function etcdSnapshotCommand({ out, ...flags }: RunFlags): Promise<number> {
  if (out !== undefined && existsSync(out))
    throw new InputError({
      what: `${out} is there already`,
      next: 'give another name: nothing is overwritten',
    })
  const set = [...(flags.set ?? []), ...setOf('etcd-care', { snapshot: true }, flags.inventory)]
  const code = await runCommand('playbooks/etcd-snapshot.ts', { ...flags, set })
  if (code === 0 && out !== undefined && !flags.check) await bring(out, flags)
  return code
}

async function bring(out: string, flags: RunFlags): Promise<void> {
  const { hosts } = loadInventory(flags.inventory)
  await withConnector(flags, hosts, async ({ connect }) => {
    const links = await Promise.all(hosts.map((host) => connect(host)))
    try {
      await bringNewest(out, links)
    } finally {
      await Promise.all(links.map((link) => link[Symbol.asyncDispose]()))
    }
  })
}

async function bringNewest(out: string, links: readonly Transport[]): Promise<void> {
  const seen = await Promise.all(links.map(async (link) => ({ link, name: await newestOn(link) })))
  // The name is the time of its making, in UTC.
  const [best] = seen.toSorted((a, b) => b.name.localeCompare(a.name))
  if (!best?.name) throw new CommandError({ what: 'no host has a snapshot of etcd' })
  const { output, done } = await best.link.pipe(sh`cat ${`${folder}/${best.name}`}`)
  // It holds what etcd holds: nobody else reads it.
  await pipeline(output, createWriteStream(out, { flags: 'wx', mode: 0o600 }))
  const { code, stderr } = await done
  if (code !== 0)
    throw new CommandError({
      host: best.link.host.name,
      what: `the snapshot did not arrive whole: ${out} is of no use`,
      why: lastLines(stderr),
      next: 'delete it, and ask again',
    })
  console.error(`${best.name} of ${best.link.host.name} is in ${out}`)
}

async function newestOn(link: Transport): Promise<string> {
  const { stdout } = await link.exec(sh`ls -1 ${folder} 2>/dev/null | grep '\.db$' | tail -n 1; :`)
  return stdout.trim()
}
