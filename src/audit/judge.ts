import { diffRules } from '../firewall/compare.ts'
import { parseSave } from '../firewall/parse.ts'
import type { Policy } from '../firewall/render.ts'
import { rulesIn } from '../firewall/ruleset.ts'
import { finding } from './catalogue.ts'
import { type Case, casesOf, type Place } from './effect.ts'
import type { AuditedHost, Finding } from './finding.ts'
import { blocked } from './findings/blocked.ts'
import { boot } from './findings/boot.ts'
import { expired } from './findings/expired.ts'
import { exposed } from './findings/exposed.ts'
import { host as hostFindings } from './findings/host.ts'
import { listeners } from './findings/listeners.ts'
import { drift } from './findings/rules.ts'
import { strangers } from './findings/strangers.ts'
import { unknown } from './findings/unknown.ts'
import { unused } from './findings/unused.ts'
import { controlName } from './matrix.ts'
import type { Observation } from './observe.ts'
import { withExpired } from './policy.ts'
import type { Neighbour } from './sources.ts'

/** A host that was looked at, or the reason why it could not be. */
export interface LookedAt {
  readonly name: string
  readonly address: string
  /** Its own addresses, not the one that moves. */
  readonly addresses: readonly string[]
  readonly ms: number
  readonly failed?: string
  readonly seen?: Observation
  /** What the inventory wants of it. */
  readonly policy?: Policy
  /** The address that our connection comes from, as the host sees it. */
  readonly login?: string
  /** A line that no packet met for so many days is told. */
  readonly unusedAfterDays: number
}

/** What is said of one host. */
export interface Judged {
  readonly host: AuditedHost
  readonly findings: readonly Finding[]
  /** Undefined where it could not be audited. */
  readonly place?: Place
  readonly cases: readonly Case[]
}

/** All that the rules and their effect say of a host. Never throws: what cannot be judged is not clean. */
export function judge(looked: LookedAt, all: readonly LookedAt[], diff: boolean): Judged {
  const { name, address, ms } = looked
  const refused = (why: string): Judged => ({
    host: { name, address, failed: why, rules: 0, ms },
    findings: [finding('FW001', { host: name, subject: 'the host', evidence: [why] })],
    cases: [],
  })
  const { seen, policy } = looked
  if (looked.failed !== undefined || !seen || !policy) return refused(looked.failed ?? 'no answer')
  try {
    const { wish, still, gone } = withExpired(policy, seen.own)
    const hosts = all.filter((h) => h.name !== name).map((h): Neighbour => h)
    const others = withControl(hosts, looked.login)
    const place: Place = { name, address, wish, seen, others }
    const cases = casesOf(place)
    const findings = [
      ...drift(place, confirmedBy(seen)),
      ...strangers(place),
      ...exposed(place, cases),
      ...blocked(place, cases, looked.login),
      ...unknown(place, cases),
      ...boot(place),
      ...hostFindings(place),
      ...listeners(place),
      ...expired(place, still, gone),
      ...unused(place, looked.unusedAfterDays),
    ]
    const host = {
      name,
      address,
      ms,
      rules: [...seen.loaded.rulesets].flatMap(rulesIn).length,
      ...(diff ? { diff: differences(place) } : {}),
    }
    return { host, findings, place, cases }
  } catch (error) {
    return refused(`its rules cannot be judged: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** This machine, unless it is one of the hosts itself. */
function withControl(hosts: readonly Neighbour[], login: string | undefined): readonly Neighbour[] {
  if (login === undefined || hosts.some((h) => h.addresses.includes(login))) return hosts
  return [...hosts, { name: controlName, addresses: [login] }]
}

/** When the rules were confirmed last, and by whom: where a drift begins. */
function confirmedBy({ files }: Observation): readonly string[] {
  const [, at, who] = /^(\S+) (.*)/.exec(files.get('/var/lib/provision/firewall.confirmed-by') ?? '') ?? []
  return at && who ? [`last confirmed ${at} by ${who}`] : []
}

function differences({ seen, wish }: Place): string {
  return ([4, 6] as const)
    .map((family) => diffRules(seen.own[family], parseSave(wish.texts[family], family)))
    .filter((text) => text !== '')
    .join('\n')
}
