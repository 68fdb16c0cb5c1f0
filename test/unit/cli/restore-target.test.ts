import { expect, test } from 'vitest'
import { targetOf } from '../../../src/cli/restore-target.ts'

test('a target is latest, a time with its zone, an LSN, or a name', () => {
  expect(targetOf('latest')).toEqual({ type: 'latest', value: '' })
  expect(targetOf('0/3000060')).toEqual({ type: 'lsn', value: '0/3000060' })
  expect(targetOf('before_upgrade')).toEqual({ type: 'name', value: 'before_upgrade' })
  const utc = { type: 'time', value: '2027-01-31 03:14:00.000+00' }
  expect(targetOf('2027-01-31T03:14:00Z')).toEqual(utc)
  expect(targetOf('2027-01-31 04:14:00+01:00')).toEqual(utc)
})

test('a time without a zone, and what is nothing of all that, are refused', () => {
  for (const text of ['2027-01-31T03:14:00', '2027-01-31', '2027-13-31T03:14:00Z'])
    expect(() => targetOf(text)).toThrow('no time with its zone')
  expect(() => targetOf("x'; DROP")).toThrow('neither latest')
})
