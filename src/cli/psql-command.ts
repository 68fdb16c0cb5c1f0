import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { containerOf } from '../docker/api.ts'
import { CommandError, InputError, lastLines } from '../errors.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Transport } from '../model/transport.ts'
import { clientPsql } from '../resources/sql.ts'
import { sh } from '../shell/sh.ts'
import { readVault } from '../vault/store.ts'
import { firstOf, withConnector } from './connector.ts'
import type { PsqlFlags } from './flags.ts'
import { loadPlaybook } from './load-playbook.ts'
import { vipOf } from './status-command.ts'

/** `provision psql DATABASE`: from whichever host answers, through the cluster's own address, as a client would. */
export async function psqlCommand(database: string, flags: PsqlFlags): Promise<number> {
  const inventory = loadInventory(flags.inventory)
  const vip = vipOf(inventory.hosts)
  const playbook = await loadPlaybook('playbooks/site.ts', join(import.meta.dirname, '..', '..'))
  const role = playbook.plays.flatMap((play) => play.roles).find((r) => r.name === 'databases')
  const [first] = inventory.hosts
  if (!role || !first) throw new InputError({ what: 'the playbook site makes no databases' })
  const { list } = inventory.varsFor(first, role) as {
    readonly list: readonly { readonly name: string; readonly owner: string }[]
  }
  const owner = list.find((d) => d.name === database)?.owner
  if (!owner)
    throw new InputError({
      what: `the inventory has no database ${database}`,
      next: `it has ${list.map((d) => d.name).join(', ')}`,
    })
  const password = (await readVault(inventory.secrets))[`db-${owner}`]
  if (!password)
    throw new InputError({ what: `there is no password for ${owner} yet`, next: 'run provision first' })
  return withConnector(flags, inventory.hosts, async ({ connect }) => {
    const { link } = await firstOf(inventory.hosts, connect, mustHaveContainer)
    try {
      const target = `host=${vip} port=${flags.read ? 5433 : 5432} dbname=${database} user=${owner} sslmode=verify-full sslrootcert=/run/provision/tls/ca.crt connect_timeout=10`
      const args = flags.command === undefined ? [] : ['-c', flags.command]
      const script = clientPsql(`postgres-${link.host.name}`, target, args)
      const { output, done } = await link.pipe(script, Readable.from(input(password, flags)))
      await pipeline(output, process.stdout, { end: false })
      const { code, stderr } = await done
      process.stderr.write(stderr)
      return code
    } finally {
      await link[Symbol.asyncDispose]()
    }
  })
}

/** The password goes first, on standard input: it is in no process list. */
async function* input(password: string, { command }: PsqlFlags): AsyncGenerator<string | Buffer> {
  yield `${password}\n`
  if (command === undefined) yield* process.stdin
}

/** Its container can be asked: that of a host whose Docker daemon is dead may run, and is out of reach. */
async function mustHaveContainer(link: Transport): Promise<void> {
  const { name } = link.host
  const { code, stderr } = await link.exec(sh`${containerOf(`postgres-${name}`)} | grep -q .`)
  if (code === 0) return
  throw new CommandError({
    host: name,
    what: 'no container of PostgreSQL to ask from',
    why: lastLines(stderr),
    next: 'provision status',
  })
}
