import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as Type from 'typebox'
import { expect, test } from 'vitest'
import { t } from '../../../src/model/schema.ts'

type Builders = Omit<typeof t, 'Secret'>

/** One sample of every builder, made by ours or by TypeBox's. */
function samples(b: Builders) {
  return b.Object(
    {
      s: b.String({ minLength: 1, default: 'x' }),
      i: b.Optional(b.Integer({ minimum: 0, description: 'd' })),
      n: b.Number(),
      f: b.Boolean({ default: true }),
      a: b.Array(b.Union([b.Literal('x'), b.Literal(3), b.String()]), { minItems: 1 }),
      r: b.Record(b.String(), b.Unknown(), { default: {} }),
      o: b.Optional(b.Object({ inner: b.Optional(b.String()) })),
    },
    { description: 'all' },
  )
}

test('our builders make the JSON Schema that TypeBox makes', () => {
  expect(JSON.parse(JSON.stringify(samples(t)))).toEqual(JSON.parse(JSON.stringify(samples(Type))))
})

test('every role keeps its vars in that form', async () => {
  const folder = join(import.meta.dirname, '../../../roles')
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.ts'))) {
    const { default: role } = (await import(join(folder, name))) as {
      default: { name: string; vars: { type: string } }
    }
    expect([role.name, role.vars.type]).toEqual([name.replace('.ts', ''), 'object'])
  }
})
