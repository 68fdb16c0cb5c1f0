import { sharedVars } from '../model/role.ts'
import { t } from '../model/schema.ts'
import { catalogue, finding, isFindingId } from './catalogue.ts'
import type { Finding, Waived } from './finding.ts'

const waiver = t.Object({
  id: t.String({ pattern: '^FW[0-9]{3}$', description: 'Of docs/firewall-findings.md.' }),
  host: t.String({ minLength: 1, description: 'The host that it is about.' }),
  subject: t.Optional(
    t.String({ minLength: 1, description: 'Only this subject, as the report prints it; otherwise all.' }),
  ),
  reason: t.String({ minLength: 1, description: 'Why it may stay.' }),
  owner: t.Optional(t.String({ minLength: 1, description: 'Who answers for it.' })),
  until: t.String({ format: 'date', description: 'Its last day, YYYY-MM-DD.' }),
})

/** The vars `audit` of an inventory. */
export const auditVars = sharedVars(
  'audit',
  t.Object({
    waivers: t.Array(waiver, {
      default: [],
      description: 'Findings of `provision audit firewall` that are known and may stay for a while.',
    }),
    unusedAfterDays: t.Integer({
      default: 90,
      minimum: 0,
      description:
        'A line of firewall.allow or .published that no packet met for so long is a finding (FW086).',
    }),
  }),
)

/** A decision to let a finding be. */
export interface Waiver {
  readonly id: string
  readonly host: string
  /** Undefined: every finding of this id on the host. */
  readonly subject?: string
  readonly reason: string
  readonly owner?: string
  /** Its last day, `YYYY-MM-DD`. */
  readonly until: string
}

/** What was looked at, so that a waiver of what was not looked at is not called useless. */
export interface AuditScope {
  /** Hosts of the inventory. */
  readonly known: readonly string[]
  /** Hosts that were audited to the end. */
  readonly audited: readonly string[]
  readonly probed: boolean
}

/**
 * Parts findings into those that stand and those that the inventory lets be. A waiver that has expired lets nothing be
 * and is a finding; so is one that nobody can mean, and one that matches nothing. `today` is `YYYY-MM-DD`.
 */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  today: string,
  scope: AuditScope,
): { readonly findings: readonly Finding[]; readonly waived: readonly Waived[] } {
  const isValid = (w: Waiver) => w.until >= today
  const stands = (f: Finding) => !waivers.some((w) => isValid(w) && matches(w, f))
  const waived = findings.flatMap((f): Waived[] => {
    const found = waivers.find((w) => isValid(w) && matches(w, f))
    return found ? [{ ...f, waiver: reasonOf(found) }] : []
  })
  const faults = waivers.flatMap((w) => faultOf(w, findings, isValid(w), scope))
  return { findings: [...findings.filter(stands), ...faults], waived }
}

function matches(waiver: Waiver, finding: Finding): boolean {
  return (
    waiver.id === finding.id &&
    waiver.host === finding.host &&
    (waiver.subject === undefined || waiver.subject === finding.subject)
  )
}

function reasonOf({ reason, owner, until }: Waiver): Waived['waiver'] {
  return { reason, until, ...(owner === undefined ? {} : { owner }) }
}

function faultOf(
  waiver: Waiver,
  findings: readonly Finding[],
  isValid: boolean,
  scope: AuditScope,
): readonly Finding[] {
  const { id, host, subject, reason, owner, until } = waiver
  const evidence = [`audit.waivers: ${reason}; until ${until}${owner ? `, ${owner}` : ''}`]
  const about = { host, subject: `waiver of ${id}${subject ? ` for ${subject}` : ''}` }
  if (!isFindingId(id)) return [finding('FW004', { ...about, evidence: [`there is no ${id}`, ...evidence] })]
  if (!scope.known.includes(host))
    return [finding('FW004', { ...about, evidence: [`the inventory has no host ${host}`, ...evidence] })]
  if (!isValid) return [finding('FW003', { ...about, evidence })]
  const wasLookedAt = scope.audited.includes(host) && (scope.probed || catalogue[id].level !== 'reach')
  if (wasLookedAt && !findings.some((f) => matches(waiver, f)))
    return [finding('FW005', { ...about, evidence })]
  return []
}
