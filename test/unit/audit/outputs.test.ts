import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Ajv } from 'ajv'
import { afterAll, expect, test } from 'vitest'
import { keyOf, readBaseline } from '../../../src/audit/baseline.ts'
import { findingIds } from '../../../src/audit/catalogue.ts'
import { auditOutput, auditOutputs, formatAudit } from '../../../src/report/audit/index.ts'
import { cleanReport, hostileReport, report } from './fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'provision-audit-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each(auditOutputs)('%s shows every finding with its host, and does so twice alike', async (kind) => {
  const text = await formatAudit(report(), kind, false)
  for (const { id, host } of report().findings) {
    expect(text).toContain(id)
    expect(text).toContain(host)
  }
  expect(await formatAudit(report(), kind, false)).toBe(text)
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/

test.each(auditOutputs)('%s of hostile texts has no character that steers a terminal', async (kind) => {
  expect(await formatAudit(hostileReport(), kind, false)).not.toMatch(steering)
})

test.each(auditOutputs)('%s never calls a report clean in which a host failed', async (kind) => {
  const [db1, ...others] = cleanReport().hosts
  const failed = {
    ...cleanReport(),
    hosts: [...(db1 ? [{ ...db1, failed: 'no route to host' }] : []), ...others],
  }
  const text = await formatAudit(failed, kind, false)
  expect(text).toContain('no route to host')
  expect(text).not.toContain('Clean')
})

test('text fits 120 columns, also with a rule of 20,000 characters', async () => {
  for (const of of [report(), cleanReport(), hostileReport()]) {
    const lines = (await formatAudit(of, 'text', false)).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
  }
})

test('colour changes nothing but colour', async () => {
  const plain = await formatAudit(report(), 'text', false)
  expect(stripVTControlCharacters(await formatAudit(report(), 'text', true))).toBe(plain)
})

test('text of a clean audit', async () => {
  await expect(await formatAudit(cleanReport(), 'text', false)).toMatchFileSnapshot('golden/clean.txt')
})

test('text of an audit with fifteen findings', async () => {
  await expect(await formatAudit(report(), 'text', false)).toMatchFileSnapshot('golden/findings.txt')
})

test('Markdown of an audit with fifteen findings', async () => {
  await expect(await formatAudit(report(), 'markdown', false)).toMatchFileSnapshot('golden/findings.md')
})

test('the JSON report is the report, also where texts are hostile, and is a baseline', async () => {
  for (const of of [report(), hostileReport()])
    expect(JSON.parse(await formatAudit(of, 'json', false))).toEqual({
      format: 'provision-audit',
      version: 1,
      ...of,
    })
  const file = join(folder, 'report.json')
  writeFileSync(file, await formatAudit(report(), 'json', false))
  expect([...readBaseline(file)]).toEqual([...report().findings, ...report().known].map(keyOf))
})

test('NDJSON: each line is one thing, and the last counts', async () => {
  const lines = (await formatAudit(report(), 'ndjson', false)).trimEnd().split('\n')
  const things = lines.map((line) => JSON.parse(line) as { readonly type: string })
  expect(things).toHaveLength(3 + 15 + 1 + 1 + 144 + 1)
  expect(things.at(-1)).toMatchObject({
    type: 'end',
    findings: { critical: 3, high: 7, medium: 4, low: 1 },
    waived: 1,
    known: 1,
    unaudited: [],
  })
})

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
    readonly invocations: readonly { readonly executionSuccessful: boolean }[]
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly suppressions?: readonly unknown[]
      readonly baselineState?: string
      readonly partialFingerprints: Readonly<Record<string, string>>
    }[]
  }[]
}
const sarifOf = async (of = report()) => JSON.parse(await formatAudit(of, 'sarif', false)) as Sarif

test('SARIF: rules are the catalogue, results point to them, waivers are suppressions', async () => {
  const [run] = (await sarifOf()).runs
  expect(run?.tool.driver.rules.map((r) => r.id)).toEqual(findingIds)
  for (const r of run?.results ?? []) expect(findingIds[r.ruleIndex]).toBe(r.ruleId)
  expect(
    run?.results
      .map((r) => r.level)
      .slice(0, 15)
      .join(),
  ).toMatch(/^(error,){10}(warning,){4}note$/)
  expect(run?.results.filter((r) => r.suppressions)).toHaveLength(1)
  expect(run?.results.filter((r) => r.baselineState === 'unchanged').map((r) => r.ruleId)).toEqual(['FW085'])
  expect(run?.invocations[0]?.executionSuccessful).toBe(true)
  expect((await sarifOf(hostileReport())).runs[0]?.invocations[0]?.executionSuccessful).toBe(false)
})

test('SARIF: a fingerprint stays when evidence changes, and no two findings share one', async () => {
  const prints = async (of = report()) =>
    (await sarifOf(of)).runs[0]?.results.map((r) => r.partialFingerprints['provisionFinding/v1'])
  const before = await prints()
  expect(new Set(before).size).toBe(before?.length)
  const later = report({ findings: report().findings.map((f) => ({ ...f, evidence: ['other counters'] })) })
  expect(await prints(later)).toEqual(before)
})

// The standard's schema is not ours to copy; name a copy in SARIF_SCHEMA to check against it.
const schemaFile = process.env.SARIF_SCHEMA
test.skipIf(!schemaFile)(
  'SARIF is valid against the schema of the standard',
  { timeout: 60_000 },
  async () => {
    const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(schemaFile ?? '', 'utf8'))
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)
    for (const of of [report(), cleanReport(), hostileReport()]) {
      validate(await sarifOf(of))
      expect(validate.errors).toBeNull()
    }
  },
)

test('JUnit: findings fail, waived and known ones are skipped, a host that failed is an error', async () => {
  const xml = await formatAudit(report(), 'junit', false)
  expect(xml).toContain('<testsuites tests="20" failures="15" errors="0" skipped="2">')
  const hostile = await formatAudit(hostileReport(), 'junit', false)
  expect(hostile).toContain('errors="1"')
  // Whatever is inside a CDATA section, only its own end ends it.
  expect(hostile.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>/g, '')).not.toMatch(/<failure\/>|<script|CDATA/)
})

test('Markdown: hostile text makes no markup, and does not leave its block', async () => {
  const text = await formatAudit(hostileReport(), 'markdown', false)
  const outside = text.replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, '')
  expect(outside).not.toMatch(/<|(?<!\\)\]\(|https:/)
  for (const line of outside.split('\n').filter((l) => l.startsWith('| db1 |') && l.includes('FW0')))
    expect(line.replaceAll('\\|', '').split('|')).toHaveLength(6)
})

test('HTML: hostile text is escaped, and the page forbids itself everything', async () => {
  const text = await formatAudit(hostileReport(), 'html', false)
  expect(text).not.toMatch(/<script|<img|<failure|<a /)
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(text).toContain("default-src 'none'")
})

test('--output takes what there is, and says what that is', () => {
  expect(auditOutput('sarif')).toBe('sarif')
  expect(() => auditOutput('pdf')).toThrow('text, json, ndjson, sarif, junit, markdown, html, not pdf')
})

test('a diff is shown by text, Markdown and HTML', async () => {
  const [db1, ...others] = report().hosts
  if (!db1) throw new Error('no hosts')
  const diff =
    '--- rendered\n+++ loaded\n@@ -1 +1,2 @@\n -A PROVISION-IN -i lo -j ACCEPT\n+-A PROVISION-IN -j ACCEPT\n'
  for (const kind of ['text', 'markdown', 'html'] as const) {
    const text = await formatAudit(report({ hosts: [{ ...db1, diff }, ...others] }), kind, false)
    expect(text).toContain('+-A PROVISION-IN -j ACCEPT')
  }
})
