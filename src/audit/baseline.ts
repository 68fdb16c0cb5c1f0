import { readFileSync } from 'node:fs'
import { InputError } from '../errors.ts'
import type { Finding } from './finding.ts'

/** What makes two findings of two runs the same one. */
export function keyOf({ id, host, subject }: Pick<Finding, 'id' | 'host' | 'subject'>): string {
  return JSON.stringify([id, host, subject])
}

/** Keys of all that an earlier report (`--output json`) found or knew. Throws InputError. */
export function readBaseline(file: string): ReadonlySet<string> {
  const next = 'make one with: provision audit firewall --output json --out FILE'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError({ what: `cannot read the baseline ${file}`, why: messageOf(cause), next, cause })
  }
  let report: unknown
  try {
    report = JSON.parse(text)
  } catch (cause) {
    throw new InputError({ what: `the baseline ${file} is not JSON`, why: messageOf(cause), next, cause })
  }
  const { findings, known = [] } = (isObject(report) ? report : {}) as Readonly<Record<string, unknown>>
  // What was waived then is not known: when its waiver ends, it is news.
  const all = Array.isArray(findings) && Array.isArray(known) ? [...findings, ...known] : undefined
  const wrong = all?.find((entry) => !isKey(entry))
  if (!all || wrong !== undefined)
    throw new InputError({
      what: `the baseline ${file} is no report of an audit`,
      why: all
        ? `a finding without id, host or subject: ${JSON.stringify(wrong).slice(0, 200)}`
        : 'it has no list of findings',
      next,
    })
  return new Set(all.map(keyOf))
}

/** Parts findings into what is new since the baseline and what it knew. */
export function sinceBaseline(
  findings: readonly Finding[],
  baseline: ReadonlySet<string>,
): { readonly findings: readonly Finding[]; readonly known: readonly Finding[] } {
  const isKnown = (f: Finding) => baseline.has(keyOf(f))
  return { findings: findings.filter((f) => !isKnown(f)), known: findings.filter(isKnown) }
}

function isKey(value: unknown): value is Pick<Finding, 'id' | 'host' | 'subject'> {
  return isObject(value) && ['id', 'host', 'subject'].every((name) => typeof value[name] === 'string')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
