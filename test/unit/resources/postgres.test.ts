import { expect, test } from 'vitest'
import { identifier, literal } from '../../../src/postgres/quote.ts'
import { patroniConfig } from '../../../src/resources/patroni-config.ts'
import { scramVerifier } from '../../../src/resources/sql.ts'

const none = { triggeredBy: [] }
const config = (parameters: Record<string, string | number>) =>
  patroniConfig({
    url: 'https://10.0.0.1:8008',
    via: 'postgres-h1',
    settings: { ttl: 20, postgresql: { use_slots: true, parameters } },
    restarts: ['max_connections'],
  })

test('parameters that are not wished for are taken out; other settings are left alone', () => {
  const { kind, desired } = config({ work_mem: '5MB' })
  const found = {
    ttl: 20,
    pause: true,
    postgresql: { use_slots: true, parameters: { work_mem: '4MB', old: 'x' } },
  }
  expect(kind.plan(desired, found, none)).toEqual([
    { attribute: 'postgresql.parameters.work_mem', from: '4MB', to: '5MB' },
    { attribute: 'postgresql.parameters.old', from: 'x', to: 'absent' },
  ])
})

test('a number and its text are the same value', () => {
  const { kind, desired } = config({ max_connections: 200 })
  const found = { ttl: '20', postgresql: { use_slots: true, parameters: { max_connections: '200' } } }
  expect(kind.plan(desired, found, none)).toEqual([])
})

test('only a parameter that needs a restart makes one due', () => {
  const { kind, desired } = config({})
  const change = (name: string) => [{ attribute: `postgresql.parameters.${name}`, from: 1, to: 2 }]
  expect(kind.triggers?.(change('work_mem'), desired)).toBe(false)
  expect(kind.triggers?.(change('max_connections'), desired)).toBe(true)
})

test('a verifier has the form that PostgreSQL stores, and is the same for the same role and password', () => {
  const verifier = scramVerifier('app', 'geheim')
  expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/)
  expect(scramVerifier('app', 'geheim')).toBe(verifier)
  expect(scramVerifier('app', 'other')).not.toBe(verifier)
  expect(scramVerifier('other', 'geheim')).not.toBe(verifier)
  expect(verifier).not.toContain('geheim')
})

test('names and texts are quoted', () => {
  expect(identifier('a"b')).toBe('"a""b"')
  expect(literal("O'Neil")).toBe("'O''Neil'")
})
