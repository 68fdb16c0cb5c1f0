import { InputError } from '../errors.ts'
import { jsonReport } from './json.ts'
import { plainReport } from './plain.ts'
import type { Report, ReportOptions } from './report.ts'

/** The reporter for `--output KIND`. Throws InputError for a kind that is not there. */
export function createReport(kind: string, options: ReportOptions): Report {
  if (kind === 'none') return { report: () => {}, close: async () => {} }
  if (kind === 'json') return jsonReport(options)
  if (kind === 'auto' || kind === 'plain') return plainReport(options)
  throw new InputError({ what: `--output takes auto, plain or json, not ${kind}` })
}
