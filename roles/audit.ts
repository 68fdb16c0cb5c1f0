import { auditVars } from 'provision'

/** What the inventory lets the firewall audit leave alone, why, and until when. */
export default auditVars
