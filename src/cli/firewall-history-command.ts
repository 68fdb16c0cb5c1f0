import { InputError } from '../errors.ts'
import type { FirewallFlags } from './flags.ts'

/** `provision firewall history`: who changed the rules of a host, when, and how. */
export async function firewallHistoryCommand(_host: string, _flags: FirewallFlags): Promise<number> {
  throw new InputError({ what: 'provision firewall history is not there yet' })
}
