import { InputError } from '../errors.ts'
import { formatGraph, formatList, formatShow, loadInventory } from '../inventory/index.ts'

/** `provision inventory list|graph|show HOST` */
export function inventoryCommand(what: string, name: string | undefined, file: string): void {
  const inventory = loadInventory(file)
  if (what === 'list') console.log(formatList(inventory))
  else if (what === 'graph') console.log(formatGraph(inventory))
  else if (what === 'show' && name)
    for (const host of inventory.select(name)) console.log(formatShow(inventory, host))
  else throw new InputError({ what: 'usage: provision inventory list | graph | show HOST' })
}
