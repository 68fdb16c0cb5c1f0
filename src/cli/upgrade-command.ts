import { type Outdated, outdatedImages } from '../docker/outdated.ts'
import { CommandError } from '../errors.ts'
import { type Inventory, loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import type { Connect } from '../model/transport.ts'
import { bootWanted } from '../resources/reboot.ts'
import { sh } from '../shell/sh.ts'
import { withConnector } from './connector.ts'
import { setOf } from './day2.ts'
import type { UpgradeFlags } from './flags.ts'
import { runCommand } from './run-command.ts'
import { say } from './say.ts'

/** File of the playbook: who takes its run over tells the same at its end. */
export const upgradePlaybook = 'playbooks/upgrade.ts'

/**
 * `provision upgrade [HOST…]`: newer packages on these hosts; on all of them also images built anew, where packages inside
 * them are outdated. Exit codes are those of a run.
 */
export async function upgradeCommand(names: readonly string[], flags: UpgradeFlags): Promise<number> {
  const inventory = loadInventory(flags.inventory, { set: flags.set ?? [] })
  const asked = names.length === 0 ? ['all'] : names
  const isWhole = inventory.select(asked.join(',')).length === inventory.hosts.length
  const edition = isWhole && flags.until !== 'packages' ? await newEdition(inventory, flags) : undefined
  const set = [
    ...(flags.set ?? []),
    ...setOf('upgrade', { hosts: asked, reboot: flags.reboot }, flags.inventory),
    ...(edition === undefined ? [] : [`images.edition='${edition}'`]),
  ]
  // Some hosts only: images are the whole cluster's affair.
  const until = isWhole ? {} : { until: flags.until ?? 'packages' }
  const code = await runCommand(upgradePlaybook, { ...flags, ...until, set })
  if (code === 0 && !flags.check) await tellBoots(flags)
  return code
}

/** Name of the edition that is to be built; undefined where the images are as new as can be. */
async function newEdition(inventory: Inventory, flags: UpgradeFlags): Promise<string | undefined> {
  const [host] = inventory.hosts
  const { edition, proxy } = (host?.vars.images ?? {}) as {
    readonly edition?: string
    readonly proxy?: string
  }
  if (edition !== undefined) {
    say(flags, `images: images.edition says ${edition || 'the first one'}; it stays`)
    return undefined
  }
  return withConnector(flags, inventory.hosts, async ({ connect }) => {
    if (!host) return undefined
    const found = await look(host, proxy, connect)
    const outdated = found.filter(({ packages }) => packages.length > 0)
    if (found.length === 0) say(flags, `images: ${host.name} runs none of the stack`)
    else if (outdated.length === 0)
      say(flags, `images: nothing is outdated inside them (asked on ${host.name})`)
    if (outdated.length === 0) return undefined
    const name = nextEdition(found.map(({ image }) => image))
    say(flags, `images: outdated inside, so edition ${name} is built (asked on ${host.name}):`)
    for (const { image, packages } of outdated)
      for (const p of packages)
        say(flags, `  ${image.split('/').at(-1)?.split(':')[0]}  ${p.name} ${p.from ?? 'absent'} → ${p.to}`)
    return name
  })
}

async function look(host: Host, proxy: string | undefined, connect: Connect): Promise<readonly Outdated[]> {
  await using link = await connect(host)
  const { script, parse } = outdatedImages(proxy)
  const output = await link.exec(script, { timeoutMs: 10 * 60_000 })
  try {
    return parse(output, [])
  } catch (cause) {
    throw new CommandError({
      host: host.name,
      what: 'could not ask what is outdated inside the images',
      why: cause instanceof Error ? cause.message : String(cause),
      next: 'packages must be fetchable from inside a container (images.proxy); or upgrade packages only: provision upgrade --until packages',
      cause,
    })
  }
}

/** Today's date, with a number where an edition of today, or of a clock that was ahead, runs already: always the newest. */
export function nextEdition(images: readonly string[], now = new Date()): string {
  const today = now.toISOString().slice(0, 10).replaceAll('-', '')
  const editions = images.flatMap((image) => {
    const [, day, number = '1'] = /:(\d{8})(?:-(\d{1,3}))?-[0-9a-f]{12}\b/.exec(image) ?? []
    return day === undefined ? [] : [{ day, number: Number(number) }]
  })
  const newest = editions.toSorted((a, b) => a.day.localeCompare(b.day) || a.number - b.number).at(-1)
  return newest && newest.day >= today ? `${newest.day}-${newest.number + 1}` : today
}

/** Hosts that want a boot are told: nobody boots them unasked. */
export async function tellBoots(flags: UpgradeFlags): Promise<void> {
  const { hosts } = loadInventory(flags.inventory)
  await withConnector(flags, hosts, async ({ connect }) => {
    const wanting = await Promise.all(
      hosts.map(async (host) => {
        await using link = await connect(host)
        const { code, stdout } = await link.exec(sh`eval ${bootWanted}`)
        return code === 0 && stdout.trim() !== '' ? [{ host: host.name, why: stdout.trim() }] : []
      }),
    )
    for (const { host, why } of wanting.flat())
      say(flags, `${host} wants a boot (${why})\n  → provision reboot ${host}, or provision upgrade --reboot`)
  })
}
