import { expect, test } from 'vitest'
import { markOf } from '../../../src/engine/journal.ts'
import { due, type Wanted } from '../../../src/engine/plan.ts'
import type { Kind } from '../../../src/model/kind.ts'
import { type Resource, resource } from '../../../src/model/resource.ts'
import { sh } from '../../../src/shell/sh.ts'

const kind: Kind<string, string> = {
  name: 'thing',
  probe: () => ({ script: sh`:`, parse: () => [] }),
  plan: (desired, actual, { triggeredBy }) => [
    ...(desired === actual ? [] : [{ attribute: 'value', from: actual, to: desired }]),
    ...triggeredBy.map((id) => ({ attribute: 'restart', from: id, to: 'done' })),
  ],
  apply: () => sh`:`,
}
const config = resource(kind, 'config', 'new')
const daemon = resource(kind, 'daemon', 'up', { triggers: [config] })

function wanted(r: Resource, selected = true): Wanted {
  return { resource: r, role: 'r', play: 'p', playIndex: 0, selected }
}

const ids = (dues: ReturnType<typeof due>) => dues.map((d) => d.step.id)

test('what is as it should be is not in the plan', () => {
  const states = new Map<Resource, unknown>([
    [config, 'new'],
    [daemon, 'up'],
  ])
  expect(due([wanted(config), wanted(daemon)], states, new Map(), '')).toEqual([])
})

test('a change makes those due that are triggered by it, and says so', () => {
  const states = new Map<Resource, unknown>([
    [config, 'old'],
    [daemon, 'up'],
  ])
  const dues = due([wanted(config), wanted(daemon)], states, new Map(), '')
  expect(ids(dues)).toEqual(['thing[config]', 'thing[daemon]'])
  expect(dues[1]?.step.triggeredBy).toEqual(['thing[config]'])
})

test('a restart that a dead run owes is in the next plan', () => {
  const states = new Map<Resource, unknown>([
    [config, 'new'],
    [daemon, 'up'],
  ])
  const dues = due([wanted(config), wanted(daemon)], states, new Map([[markOf(daemon), ['a dead run']]]), '')
  expect(ids(dues)).toEqual(['thing[daemon]'])
})

test('what --limit or --tags leave as it is triggers nothing', () => {
  const states = new Map<Resource, unknown>([
    [config, 'old'],
    [daemon, 'up'],
  ])
  expect(ids(due([wanted(config, false), wanted(daemon)], states, new Map(), ''))).toEqual(['thing[config]'])
})

test('a step names the line that wrote the resource', () => {
  const states = new Map<Resource, unknown>([[config, 'old']])
  const [first] = due([wanted(config)], states, new Map(), process.cwd())
  expect(first?.step.where).toMatch(/^test\/unit\/engine\/plan\.test\.ts:\d+$/)
})
