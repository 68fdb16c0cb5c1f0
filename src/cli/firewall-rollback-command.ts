import { InputError } from '../errors.ts'
import type { FirewallFlags } from './flags.ts'

/** `provision firewall rollback`: back to the rules before the last change. */
export async function firewallRollbackCommand(_host: string, _flags: FirewallFlags): Promise<number> {
  throw new InputError({ what: 'provision firewall rollback is not there yet' })
}
