import { InputError } from '../errors.ts'
import { jsonReport } from './json.ts'
import { lineOf, plainReport } from './plain.ts'
import type { Report, ReportOptions } from './report.ts'

/** `plan` prints the plan for people below these; the others are for programs. */
export const forPeople: ReadonlySet<string> = new Set(['live', 'plain'])

/** `auto` is live on a terminal, plain elsewhere. */
export function outputKind(wanted: string, isTerminal: boolean): string {
  return wanted !== 'auto' ? wanted : isTerminal ? 'live' : 'plain'
}

/** The reporter for `--output KIND`; those that cost start-up time are loaded when asked for. Throws InputError. */
export async function createReport(kind: string, options: ReportOptions): Promise<Report> {
  switch (kind) {
    case 'plain':
      return plainReport(options)
    case 'json':
      return jsonReport(options)
    case 'live':
      return (await import('./live.ts')).liveReport(options)
    case 'junit':
      return (await import('./junit.ts')).junitReport(options)
    case 'failures':
      return failuresReport(options)
    default:
      throw new InputError({ what: `--output takes auto, live, plain, json or junit, not ${kind}` })
  }
}

/** For commands with an output of their own: only what went wrong. */
function failuresReport({ write }: ReportOptions): Report {
  return {
    report(event) {
      if (event.type === 'failed') write(`${lineOf(event, false)}\n`)
    },
    settle: async () => {},
    close: async () => {},
  }
}
