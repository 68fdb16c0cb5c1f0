import { createRequire } from 'node:module'
import type { Builder } from 'junit-report-builder'
import { titleOf } from '../../audit/catalogue.ts'
import type { AuditReport, Finding } from '../../audit/finding.ts'
import { clip, visible } from './words.ts'

// Its ES module is not marked as one, so that Node only takes it by `require`.
const require = createRequire(import.meta.url)

/**
 * JUnit XML for CI: a suite for each host. A finding is a failure, what is waived or known is skipped, and a host that
 * could not be audited is an error: CI shows it red whatever `--fail-on` says.
 */
export function auditJunit(report: AuditReport): string {
  const builder = (require('junit-report-builder').default ?? require('junit-report-builder')) as Builder
  const junit = builder.newBuilder()
  const names = new Set([
    ...report.hosts.map((h) => h.name),
    // A waiver may name a host that does not exist.
    ...[...report.findings, ...report.waived, ...report.known].map((f) => f.host),
  ])
  for (const name of names) {
    const suite = junit.testSuite().name(visible(name)).timestamp(new Date(report.at))
    const add = (title: string) => suite.testCase().className(visible(name)).name(title)
    const host = report.hosts.find((h) => h.name === name)
    if (host) {
      const audited = add('audited').time(host.ms / 1000)
      if (host.failed !== undefined) audited.error(clip(visible(host.failed), 2000), 'could not be audited')
    }
    const of = <F extends Finding>(findings: readonly F[]) => findings.filter((f) => f.host === name)
    for (const f of of(report.findings))
      add(caseOf(f))
        .failure(clip(visible(f.meaning), 2000), f.severity)
        .standardOutput(seen(f))
    for (const f of of(report.waived))
      add(caseOf(f))
        .skipped()
        .standardOutput(`waived until ${f.waiver.until}: ${visible(f.waiver.reason)}`)
    for (const f of of(report.known)) add(caseOf(f)).skipped().standardOutput('known from the baseline')
  }
  return `${junit.build()}\n`
}

function caseOf({ id, subject }: Finding): string {
  return `${id} ${titleOf(id)}: ${clip(visible(subject), 300)}`
}

function seen({ evidence, level, fix }: Finding): string {
  return [`level: ${level}`, ...evidence.map((line) => clip(visible(line), 2000)), `→ ${fix}`].join('\n')
}
