import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { endingOf } from '../../../src/cli/ending.ts'
import { InputError } from '../../../src/errors.ts'
import { scramVerifier } from '../../../src/resources/sql.ts'
import { Secret } from '../../../src/secret/secret.ts'

function caught(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('an error for the operator is told as it is', () => {
  expect(endingOf(new InputError({ what: 'no such host', next: 'look' }))).toEqual({
    text: 'no such host\n  → look',
    code: 4,
  })
})

test('what the system refuses is no bug', () => {
  const { text, code } = endingOf(caught(() => readFileSync('/proc/nothing/here')))
  expect(text).toBe("this machine refused: ENOENT: no such file or directory, open '/proc/nothing/here'")
  expect(code).toBe(4)
})

test('what a line of the user throws is no bug, and has its place', () => {
  const { text, code } = endingOf(caught(() => (undefined as unknown as { x: { y: 1 } }).x.y))
  expect(text).toMatch(/^test\/unit\/cli\/ending\.test\.ts:\d+:\d+ {2}TypeError: Cannot read properties/)
  expect(code).toBe(4)
})

test('what our own lines throw is a bug, with all that led to it', () => {
  const inner = caught(() => scramVerifier('r', undefined as unknown as string))
  const { text, code } = endingOf(inner)
  expect(text).toMatch(/^This is a bug in provision: TypeError/)
  expect(text).toContain('src/resources/sql.ts')
  expect(code).toBe(1)
})

test('no ending shows a secret', () => {
  void new Secret('token', 'tok-123456')
  expect(endingOf(new InputError({ what: 'refused: tok-123456' })).text).toBe('refused: ‹secret token›')
})
