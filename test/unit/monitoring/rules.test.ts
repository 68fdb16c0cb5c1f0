import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { findPromtool } from '../../support/promtool.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    readonly runbook_url: string
  }
}

const { groups } = parse(read('templates/monitoring/rules.yml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const names = rules.map((rule) => rule.alert)

test('every alert says how bad it is, how long it lasts, what it is and what to do', () => {
  for (const { alert, for: lasting, labels, annotations } of rules) {
    expect(labels.severity, alert).toMatch(/^(critical|warning)$/)
    expect(lasting, alert).toMatch(/^\d+[smh]$/)
    expect(annotations.summary.length, alert).toBeGreaterThan(10)
    expect(annotations.description.length, alert).toBeGreaterThan(20)
    expect(annotations.runbook_url, alert).toBe(`docs/runbooks/alerts.md#${alert.toLowerCase()}`)
  }
  expect(new Set(names).size).toBe(names.length)
})

test('docs/runbooks/alerts.md has a section for each alert, and for nothing else', () => {
  const sections = [...read('docs/runbooks/alerts.md').matchAll(/^### (.+)$/gm)].map(([, name]) => name)
  expect(sections.toSorted()).toEqual(names.toSorted())
})

test('each alert has a test in which it fires and one in which it is silent', () => {
  const { tests } = parse(read('test/monitoring/rules.test.yml')) as {
    readonly tests: readonly { readonly name: string }[]
  }
  const titles = new Set(tests.map((t) => t.name))
  expect(names.filter((name) => !titles.has(`${name} fires`))).toEqual([])
  // It is always there: that is what it is for.
  const silent = names.filter((name) => name !== 'DeadMansSwitch' && !titles.has(`${name} is silent`))
  expect(silent).toEqual([])
})

const promtool = findPromtool()

test.skipIf(!promtool)(
  'promtool: the rules fire and are silent as their tests say',
  { timeout: 300_000 },
  () => {
    const run = (...args: string[]) =>
      execFileSync(promtool ?? '', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(run('check', 'rules', 'templates/monitoring/rules.yml')).toContain(`${rules.length} rules found`)
    expect(run('test', 'rules', 'test/monitoring/rules.test.yml')).toContain('SUCCESS')
  },
)
