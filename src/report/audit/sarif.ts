import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { keyOf } from '../../audit/baseline.ts'
import { catalogue, findingIds, isFindingId } from '../../audit/catalogue.ts'
import type { AuditReport, Finding, Severity, Waived } from '../../audit/finding.ts'
import { clip, safeJson, unaudited, visible } from './words.ts'

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const
/** How code scanning sorts security results: above 9 critical, above 7 high, above 4 medium. */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.5' }

/** SARIF 2.1.0, for code scanning. Hosts have no files: a result stands at the inventory, its host is a logical location. */
export function auditSarif(report: AuditReport): string {
  const { findings, waived, known } = report
  // Only against a baseline is it known what is new; one that knew nothing of what is there changes nothing.
  const state = (baselineState: 'new' | 'unchanged') => (known.length > 0 ? { baselineState } : {})
  return `${safeJson(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'provision', rules: findingIds.map(rule) } },
          automationDetails: { id: 'provision/audit-firewall/' },
          invocations: [invocation(report)],
          columnKind: 'utf16CodeUnits',
          results: [
            ...findings.map((f) => ({ ...result(f, report), ...state('new') })),
            ...known.map((f) => ({ ...result(f, report), ...state('unchanged') })),
            ...waived.map((f) => ({ ...result(f, report), ...state('new'), suppressions: [suppression(f)] })),
          ],
        },
      ],
    },
    2,
  )}\n`
}

function rule(id: (typeof findingIds)[number]) {
  const { severity, level, title, meaning, fix } = catalogue[id]
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: meaning },
    help: { text: fix },
    defaultConfiguration: { level: levels[severity] },
    properties: { 'security-severity': scores[severity], tags: ['security', 'firewall', level] },
  }
}

function result(finding: Finding, { inventory }: AuditReport) {
  const { id, severity, level, host, subject, evidence, meaning, fix } = finding
  const seen = evidence.map((line) => clip(visible(line), 2000)).join('\n')
  return {
    ruleId: id,
    ...(isFindingId(id) ? { ruleIndex: findingIds.indexOf(id) } : {}),
    level: levels[severity],
    message: { text: `${visible(host)}: ${visible(subject)}. ${meaning}\n${seen}\n${fix}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(inventory) }, region: { startLine: 1 } },
        logicalLocations: [
          {
            name: visible(host),
            fullyQualifiedName: `${visible(host)}/${visible(subject)}`,
            kind: 'resource',
          },
        ],
      },
    ],
    partialFingerprints: { 'provisionFinding/v1': createHash('sha256').update(keyOf(finding)).digest('hex') },
    properties: { host, subject, level },
  }
}

function suppression({ waiver: { reason, until, owner } }: Waived) {
  return {
    kind: 'external',
    status: 'accepted',
    justification: `${visible(reason)} (until ${until}${owner ? `, ${visible(owner)}` : ''})`,
  }
}

function invocation(report: AuditReport) {
  const failed = report.hosts.filter((h) => h.failed !== undefined)
  return {
    executionSuccessful: unaudited(report).length === 0,
    endTimeUtc: report.at,
    toolExecutionNotifications: failed.map((h) => ({
      level: 'error',
      message: { text: `${visible(h.name)} could not be audited: ${visible(h.failed ?? '')}` },
    })),
  }
}

function uriOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file.split('/').map(encodeURIComponent).join('/')
}
