import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { boards } from '../../../templates/monitoring/dashboards/boards.ts'
import { consolePage } from '../../../templates/monitoring/dashboards/console.ts'
import { dashboard } from '../../../templates/monitoring/dashboards/grafana.ts'
import { known, metricsIn } from './metrics.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'templates', 'monitoring')

const text = { type: 'string', minLength: 1 }
const natural = { type: 'integer', minimum: 0 }
const source = {
  type: 'object',
  required: ['type', 'uid'],
  properties: { type: { const: 'prometheus' }, uid: { const: '$datasource' } },
}
/** As much of Grafana's schema of dashboards (kinds/dashboard, schemaVersion 39) as ours use. */
const schema = {
  type: 'object',
  required: ['uid', 'title', 'schemaVersion', 'templating', 'panels', 'time'],
  properties: {
    uid: { type: 'string', pattern: '^[a-z-]{1,40}$' },
    title: text,
    schemaVersion: { const: 39 },
    panels: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['id', 'type', 'title', 'gridPos', 'datasource', 'targets', 'fieldConfig', 'options'],
        properties: {
          id: { type: 'integer', minimum: 1 },
          type: { enum: ['timeseries', 'stat'] },
          title: text,
          datasource: source,
          gridPos: {
            type: 'object',
            required: ['x', 'y', 'w', 'h'],
            properties: { x: natural, y: natural, w: { ...natural, maximum: 24 }, h: natural },
          },
          targets: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['refId', 'expr', 'datasource', 'legendFormat'],
              properties: { refId: { type: 'string', pattern: '^[A-Z]$' }, expr: text, datasource: source },
            },
          },
        },
      },
    },
  },
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly gridPos: { readonly x: number; readonly w: number }
    readonly targets: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

const names = readdirSync(join(folder, 'dashboards')).filter((name) => name.endsWith('.json'))
const read = (name: string) => JSON.parse(readFileSync(join(folder, 'dashboards', name), 'utf8')) as Dashboard

test('the dashboards are those of boards.ts (npm run docs)', () => {
  expect(names.toSorted()).toEqual(boards.map((b) => `${b.uid}.json`).toSorted())
  for (const board of boards)
    expect(read(`${board.uid}.json`)).toEqual(JSON.parse(JSON.stringify(dashboard(board))))
})

test('a page of Prometheus has every panel of its board, and leads to all others', () => {
  for (const board of boards) {
    const page = consolePage(board, boards)
    for (const { title } of board.panels) expect(page).toContain(`<h2>${title}</h2>`)
    for (const { uid } of boards) expect(page.includes(`href="${uid}.html"`)).toBe(uid !== board.uid)
  }
})

test.each(names)(
  '%s is what Grafana imports: ids of its own, one source that is chosen, nothing off the page',
  (name) => {
    const board = read(name)
    const validate = new Ajv().compile(schema)
    expect(validate(board) ? [] : validate.errors).toEqual([])
    const ids = board.panels.map((panel) => panel.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(board.templating.list.map((v) => v.name)).toContain('datasource')
    for (const { gridPos } of board.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  },
)

test('rules, dashboards and the console name only metrics that there are', () => {
  const { groups } = parse(readFileSync(join(folder, 'rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[]
  }
  const html = readFileSync(join(folder, 'consoles', 'index.html'), 'utf8')
  const exprs = [
    ...groups.flatMap((g) => g.rules.map((r) => r.expr)),
    ...names.flatMap((name) => read(name).panels.flatMap((p) => p.targets.map((t) => t.expr))),
    ...[...html.matchAll(/(?:query|printf) "((?:[^"\\]|\\.)*)"/g)].map(([, q = '']) =>
      q.replaceAll('\\"', '"'),
    ),
  ]
  expect(exprs.length).toBeGreaterThan(100)
  expect(exprs.flatMap(metricsIn).filter((name) => !known.has(name))).toEqual([])
})

test('the names in an expression are told from its labels, functions and words', () => {
  const expr =
    'max by (instance) (up{job=~"node|x"}) == 0 or changes((max by (a) (b_c > 0))[1h:1m]) and on (i) group_left () 0.85 * d_e5'
  expect(metricsIn(expr)).toEqual(['up', 'b_c', 'd_e5'])
})
