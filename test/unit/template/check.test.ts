import handlebars from 'handlebars'
import Type from 'typebox'
import { expect, test } from 'vitest'
import { checkTemplate } from '../../../src/template/check.ts'

const view = Type.Object({
  servers: Type.Array(Type.Object({ name: Type.String(), options: Type.Array(Type.String()) })),
  makestep: Type.Object({ threshold: Type.Number(), limit: Type.Integer() }),
  extra: Type.Record(Type.String(), Type.String()),
})

function check(source: string): string {
  try {
    checkTemplate(handlebars.parse(source), view, 'templates/x.hbs')
    return 'fine'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test.each([
  '{{makestep.threshold}}',
  '{{#each servers}}{{name}} {{../makestep.limit}}{{#each options}}{{this}} {{../name}}{{/each}}{{/each}}',
  '{{#each extra}}{{@key}} {{this}}{{/each}}',
  '{{#if makestep.limit}}a{{else}}{{makestep.threshold}}{{/if}}',
])('is fine: %s', (source) => {
  expect(check(source)).toBe('fine')
})

test.each([
  [
    'a\n  {{makestep.treshold}}',
    'templates/x.hbs:2:3  {{makestep.treshold}} is not in the view; known here: threshold, limit',
  ],
  [
    '{{#each missing}}{{/each}}',
    'templates/x.hbs:1:1  {{missing}} is not in the view; known here: servers, makestep, extra',
  ],
  [
    '{{#unless a.b}}x{{/unless}}',
    'templates/x.hbs:1:1  {{a.b}} is not in the view; known here: servers, makestep, extra',
  ],
  [
    '{{#each servers}}{{nam}}{{/each}}',
    'templates/x.hbs:1:18  {{nam}} is not in the view; known here: name, options',
  ],
  [
    '{{#loop servers}}{{/loop}}',
    'templates/x.hbs:1:1  {{#loop}} is not a helper; known here: each, with, if, unless',
  ],
])('is refused before anything is rendered: %s', (source, message) => {
  expect(check(source)).toContain(message.slice(message.indexOf('  ')))
})
