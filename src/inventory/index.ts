export { checkRoles } from './check-roles.ts'
export { formatGraph, formatList, formatShow } from './format.ts'
export { type Inventory, loadInventory } from './load.ts'
