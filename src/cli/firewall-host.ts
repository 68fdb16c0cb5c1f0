import { InputError } from '../errors.ts'
import { type HistoryEntry, parseHistory, readHistory } from '../firewall/history.ts'
import { rulesOnly, stateFolder } from '../firewall/load.ts'
import { loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { RunRecord } from '../model/run-record.ts'
import type { Transport } from '../model/transport.ts'
import { sh } from '../shell/sh.ts'
import { connectorFor } from './connector.ts'
import type { FirewallFlags } from './flags.ts'

/** Opens one host of the inventory for as long as `work` takes. */
export async function onHost<T>(
  name: string,
  flags: FirewallFlags,
  work: (link: Transport, host: Host) => Promise<T>,
): Promise<T> {
  const inventory = loadInventory(flags.inventory)
  const [host, ...others] = inventory.select(name)
  if (!host || others.length > 0)
    throw new InputError({ what: `${name} is ${host ? 'more than one host' : 'no host of the inventory'}` })
  const connector = connectorFor(flags, (wanted) => inventory.hosts.find((h) => h.name === wanted))
  try {
    const link = await connector.connect(host)
    try {
      return await work(link, host)
    } finally {
      await link[Symbol.asyncDispose]()
    }
  } finally {
    connector.close()
  }
}

/** What a host keeps of its rules. */
export interface KeptRules {
  readonly history: readonly HistoryEntry[]
  readonly runs: readonly RunRecord[]
  readonly confirmed: { readonly digest: string; readonly isLoaded: boolean }
  /** SSH_CONNECTION of our login; undefined for a local run. */
  readonly login?: { readonly from: string; readonly to: string; readonly port: number }
}

/** Reads it in one round trip. Only root may. */
export async function keptRules(link: Transport): Promise<KeptRules> {
  const { stdout, stderr } =
    await link.exec(sh`printf '%s\n' "$1"; [ "$(id -u)" = 0 ] || echo 'provision: not root' >&2
echo '--part--'; grep -F '"firewall[provision]"' ${stateFolder}/journal 2>/dev/null
echo '--part--'; cat ${stateFolder}/firewall.confirmed 2>/dev/null
echo '--part--'; ${rulesOnly}
echo '--part--'; ${readHistory}`)
  if (stderr.includes('provision: not root'))
    throw new InputError({
      host: link.host.name,
      what: 'the history of the rules is for root only',
      next: 'set become: true for this host in the inventory',
    })
  const [ssh = '', journal = '', confirmed = '', loaded = '', history = ''] = stdout.split('--part--\n')
  const [digest = '', ...rules] = confirmed.split('\n')
  const [from, , to, port] = ssh.trim().split(' ')
  return {
    history: parseHistory(history),
    runs: journal
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as RunRecord),
    confirmed: { digest, isLoaded: rules.join('\n') === loaded },
    ...(from && to && port ? { login: { from, to, port: Number(port) } } : {}),
  }
}
