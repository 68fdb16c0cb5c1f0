import { InputError } from '../errors.ts'
import type { FirewallFlags } from './flags.ts'

/** `provision firewall matrix`: who may reach which port, and why. */
export async function firewallMatrixCommand(_flags: FirewallFlags): Promise<number> {
  throw new InputError({ what: 'provision firewall matrix is not there yet' })
}
