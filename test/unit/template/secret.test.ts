import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { InputError, Secret, t, template } from '../../../src/index.ts'
import { masked } from '../../../src/secret/secret.ts'

const name = `test-${process.pid}`
const folder = join(import.meta.dirname, '../../../templates', name)

beforeAll(() => {
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'app.env.hbs'),
    'USER={{user}}\n{{#each list}}K={{token}}\n{{/each}}P={{pass}}\n',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const pass = new Secret('app.pass', 'p&<"\'{{x}}ss')

test('a template whose view declares a secret gives a Secret, with the value as it is', () => {
  const view = t.Object({
    user: t.String(),
    pass: t.Secret(),
    list: t.Array(t.Object({ token: t.Secret() })),
  })
  const rendered: Secret = template(
    `${name}/app.env.hbs`,
    view,
  )({
    user: 'u',
    pass,
    list: [{ token: new Secret('token', 'tok1') }],
  })
  expect(rendered.reveal()).toBe('USER=u\nK=tok1\nP=p&<"\'{{x}}ss\n')
  expect(masked(rendered)).toBe(`‹secret templates/${name}/app.env.hbs with app.pass, token›`)
})

test('a view without secrets gives text', () => {
  const view = t.Object({
    user: t.String(),
    pass: t.String(),
    list: t.Array(t.Object({ token: t.String() })),
  })
  const rendered: string = template(`${name}/app.env.hbs`, view)({ user: 'u', pass: 'p', list: [] })
  expect(rendered).toBe('USER=u\nP=p\n')
})

test('a secret that the view declares as text is refused, with the line of the role and of the template', () => {
  const view = t.Object({
    user: t.String(),
    pass: t.String(),
    list: t.Array(t.Object({ token: t.String() })),
  })
  const render = template(`${name}/app.env.hbs`, view)
  const wrong = (list: readonly unknown[], value: unknown) => () =>
    // biome-ignore lint/suspicious/noExplicitAny: what a cast, or a role in JavaScript, would do
    render({ user: 'u', pass: value, list } as any)
  expect(wrong([], pass)).toThrow(InputError)
  expect(wrong([], pass)).toThrow(
    /^test\/unit\/template\/secret\.test\.ts:\d+:\d+ {2}pass is the secret app\.pass/,
  )
  expect(wrong([], pass)).toThrow(`it would be rendered at templates/${name}/app.env.hbs:3:`)
  expect(wrong([{ token: pass }], 'p')).toThrow(`list.0.token is the secret app.pass`)
  expect(wrong([{ token: pass }], 'p')).toThrow(`templates/${name}/app.env.hbs:2:`)
})
