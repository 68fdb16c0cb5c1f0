import { pipeline } from 'node:stream/promises'
import { CommandError, InputError, lastLines } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Connect, Transport } from '../model/transport.ts'
import { type Script, sh } from '../shell/sh.ts'
import { firstOf, withConnector } from './connector.ts'
import { hostNamed } from './day2.ts'

/** The host's own script (role backup): what the timers run, too. */
export const script = '/usr/local/sbin/provision-backup'

interface Flags {
  readonly inventory: string
  readonly forks: string
}

/** Lends a way to the host that makes backups now, or to the one that is named. Throws InputError where backups are not set up. */
export async function withBackupHost<T>(
  flags: Flags,
  name: string | undefined,
  work: (link: Transport) => Promise<T>,
): Promise<T> {
  const { hosts } = loadInventory(flags.inventory)
  mustHaveBackups(hosts, flags.inventory)
  return withConnector(flags, hosts, async ({ connect }) => {
    const chosen = hostNamed(name ?? (await turn(hosts, connect)), hosts)
    await using link = await connect(chosen)
    return await work(link)
  })
}

/** Runs a script there to its end, and shows what it says meanwhile. Throws CommandError with its last lines. */
export async function follow(link: Transport, what: string, run: Script): Promise<void> {
  // What goes wrong is told on standard error: shown at the end, with its host.
  const { output, done } = await link.pipe(run)
  await pipeline(output, process.stderr, { end: false })
  const { code, stderr } = await done
  if (code !== 0)
    throw new CommandError({
      host: link.host.name,
      what: `${what} did not succeed (exit ${code})`,
      why: lastLines(stderr),
      next: 'docs/runbooks/backup.md says what can go wrong',
    })
}

/** What a script prints. Throws CommandError with its last lines. */
export async function read(link: Transport, run: Script): Promise<string> {
  const { code, stdout, stderr } = await link.exec(run, { timeoutMs: 120_000 })
  if (code === 0) return stdout
  throw new CommandError({
    host: link.host.name,
    what: `the repository could not be asked (exit ${code})`,
    why: lastLines(stderr || stdout),
    next: 'docs/runbooks/backup.md says what can go wrong',
  })
}

function mustHaveBackups(hosts: readonly Host[], inventory: string): void {
  const { s3, sftp, folder } = (hosts[0]?.vars.backup ?? {}) as Readonly<Record<string, unknown>>
  if (s3 !== undefined || sftp !== undefined || folder !== undefined) return
  throw new InputError({
    what: `${inventory} has no backup.s3, no backup.sftp and no backup.folder: there are no backups`,
    next: 'docs/runbooks/backup.md says how to set them up',
  })
}

/** Who makes the next backup, as the first host that answers says it. */
async function turn(hosts: readonly Host[], connect: Connect): Promise<string> {
  const { link, answer } = await firstOf(hosts, connect, (asked) => read(asked, sh`${script} turn`))
  await link[Symbol.asyncDispose]()
  return answer.trim()
}
