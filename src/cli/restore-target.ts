import { InputError } from '../errors.ts'

/** Up to where WAL is replayed, as pgBackRest has it. */
export interface Target {
  readonly type: 'latest' | 'time' | 'lsn' | 'name'
  /** Empty for `latest`. */
  readonly value: string
}

/** Understands `--to`. Throws InputError where a time has no zone: an hour's difference is an hour of data. */
export function targetOf(text: string): Target {
  if (text === 'latest') return { type: 'latest', value: '' }
  if (/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(text)) return { type: 'lsn', value: text }
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const [, rest = ''] = /^\d{4}-\d\d-\d\d[T ](.*)$/.exec(text) ?? []
    const time = Date.parse(text)
    if (!/(Z|[+-]\d\d(:?\d\d)?)$/.test(rest) || Number.isNaN(time))
      throw new InputError({
        what: `--to ${text} is no time with its zone`,
        next: 'as 2027-01-31T03:00:00Z or 2027-01-31T04:00:00+01:00',
      })
    return { type: 'time', value: new Date(time).toISOString().replace('T', ' ').replace('Z', '+00') }
  }
  if (/^[\w.-]+$/.test(text)) return { type: 'name', value: text }
  throw new InputError({
    what: `--to ${text} is neither latest, a time, an LSN nor the name of a restore point`,
    next: 'as latest, 2027-01-31T03:00:00Z, 0/3000060 or before_upgrade',
  })
}
