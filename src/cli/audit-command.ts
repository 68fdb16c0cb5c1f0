import { writeFileSync } from 'node:fs'
import { readBaseline } from '../audit/baseline.ts'
import { type AuditReport, type Severity, severities } from '../audit/finding.ts'
import { exitCodeOf, settle } from '../audit/settle.ts'
import { auditVars, type Waiver } from '../audit/waivers.ts'
import { InputError } from '../errors.ts'
import { checkRoles, type Inventory, loadInventory } from '../inventory/index.ts'
import type { Host } from '../model/host.ts'
import { auditOutput, formatAudit } from '../report/audit/index.ts'
import { verdict } from '../report/audit/words.ts'
import { collectFor } from './audit-collect.ts'
import { connectorFor } from './connector.ts'
import { firewallRole } from './firewall-policy.ts'
import type { AuditFlags } from './flags.ts'
import { roleNames } from './role-names.ts'

/** `provision audit firewall`: 0 clean, 2 findings at or above --fail-on, 3 a host could not be audited. */
export async function auditFirewallCommand(flags: AuditFlags): Promise<number> {
  // All that the operator may have got wrong is told before the first connection.
  const kind = auditOutput(flags.output)
  const failOn = severityOf(flags.failOn)
  const baseline = flags.baseline === undefined ? undefined : readBaseline(flags.baseline)
  const inventory = loadInventory(flags.inventory)
  const waivers = waiversOf(inventory)
  const all = inventory.hosts.map((host) => asUser(host, flags.user))
  const names = new Set((flags.limit === undefined ? all : inventory.select(flags.limit)).map((h) => h.name))
  const collect = collectFor(inventory, await firewallRole(inventory, flags.playbook))

  const connector = connectorFor(flags, (name) => inventory.hosts.find((h) => h.name === name))
  let report: AuditReport
  try {
    const collected = await collect(
      all.filter((h) => names.has(h.name)),
      connector.connect,
      {
        inventory: flags.inventory,
        all,
        probe: flags.probe === true,
        diff: flags.diff === true,
      },
    )
    const known = inventory.hosts.map((h) => h.name)
    report = settle(collected, { waivers, known, ...(baseline ? { baseline } : {}) })
  } finally {
    connector.close()
  }
  const color = flags.out === undefined && process.stdout.isTTY === true && !process.env.NO_COLOR
  const text = await formatAudit(report, kind, color)
  if (flags.out === undefined) await written(text)
  else save(flags.out, text, report)
  return exitCodeOf(report, failOn)
}

/** A login that reads and nothing else: no sudo for the whole, only for the commands that the audit asks. */
function asUser(host: Host, user: string | undefined): Host {
  return user === undefined ? host : { ...host, connection: { ...host.connection, user, become: false } }
}

function severityOf(text: string): Severity {
  const known = severities.find((severity) => severity === text)
  if (known) return known
  throw new InputError({ what: `--fail-on takes ${severities.join(', ')}, not ${text}` })
}

/** The waivers of all levels of the inventory, each once. Checks the vars of `audit` like those of a role. */
export function waiversOf(inventory: Inventory): readonly Waiver[] {
  checkRoles(inventory, [auditVars], roleNames())
  const all = inventory.hosts.flatMap((host) => {
    const { waivers } = inventory.varsFor(host, auditVars) as { readonly waivers: readonly Waiver[] }
    return waivers
  })
  return [...new Map(all.map((waiver) => [JSON.stringify(waiver), waiver])).values()]
}

function save(file: string, text: string, report: AuditReport): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InputError({ what: `cannot write ${file}`, why, next: 'name another file with --out', cause })
  }
  console.log(`${verdict(report)} Written to ${file}.`)
}

/** A pipe that is read slowly must get all of it before the process ends. */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => (error ? reject(error) : resolve())),
  )
}
