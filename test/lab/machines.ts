import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDocument } from 'yaml'
import { hostKey, start, untilSsh, wipe } from '../../src/lab/host.ts'
import { folder, labHost } from '../../src/lab/settings.ts'
import { type Script, sh } from '../../src/shell/sh.ts'
import { fingerprint } from '../../src/transport/host-keys.ts'
import { connection } from './connection.ts'
import { on as onHost } from './engine.ts'

/** A machine with nothing on it, up: what stood there has burnt. Gives the fingerprint of its host key. */
export async function blank(machine: string): Promise<string> {
  const host = labHost(machine)
  await wipe(host)
  await start(host)
  await untilSsh(host)
  return shown(machine)
}

/** The fingerprint on a machine's console. */
function shown(machine: string): string {
  return fingerprint(Buffer.from(hostKey(labHost(machine)).split(' ')[1] ?? '', 'base64'))
}

/** Runs a script on a machine that nobody knows yet. */
export async function onMachine(machine: string, script: Script): Promise<string> {
  const host = connection(labHost(machine))
  return onHost({ ...host, connection: { ...host.connection, hostKeys: [shown(machine)] } }, script)
}

/**
 * The lab's inventory, changed: `change` gets it as a document of YAML, and a host entry that leads to a machine. Gives
 * the flags that name the file.
 */
export function inventoryWith(
  change: (document: ReturnType<typeof parseDocument>, at: (machine: string) => unknown) => void,
): readonly string[] {
  const source = resolve('inventory/lab.yaml')
  const document = parseDocument(readFileSync(source, 'utf8').replaceAll('../.lab', folder))
  change(document, (machine) => {
    const { address, socket } = labHost(machine)
    return document.createNode({ address, connection: { socket } }, { flow: true })
  })
  mkdirSync(folder, { recursive: true })
  const file = join(mkdtempSync(join(folder, 'inventory-')), 'lab.yaml')
  writeFileSync(file, document.toString())
  return ['--inventory', file]
}

interface Members {
  readonly members: readonly {
    readonly name?: string
    readonly clientURLs?: readonly string[]
    readonly isLearner?: boolean
  }[]
}

/** etcd's members, as a machine's own data has them. */
export async function membersSeenBy(machine: string): Promise<Members> {
  const list = sh`curl -fK /etc/provision/tls/curl.conf -d '{}' https://127.0.0.1:2379/v3/cluster/member/list`
  return JSON.parse(await onHost(connection(labHost(machine)), list)) as Members
}

/** etcd's members as a machine that stays sees them, once a second, until it is ended. */
export function watch(machine: string): { end(): Promise<readonly string[]> } {
  const seen: string[] = []
  let isOver = false
  const work = (async () => {
    while (!isOver) {
      const { members } = await membersSeenBy(machine)
      seen.push(
        members
          .map((m) => `${m.name ?? '?'}${m.isLearner ? ' learner' : ''}`)
          .sort()
          .join(', '),
      )
      await sleep(1000)
    }
  })()
  // Told by `end`; a test that has failed before it must not fail the run as well.
  work.catch(() => undefined)
  return {
    async end() {
      isOver = true
      await work
      return [...new Set(seen)]
    },
  }
}
