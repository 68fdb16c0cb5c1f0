import type { Report, ReportOptions } from './report.ts'

/** NDJSON: one event a line, as it happens. */
export function jsonReport({ write }: ReportOptions): Report {
  return {
    report: (event) => write(`${JSON.stringify(event)}\n`),
    settle: async () => {},
    close: async () => {},
  }
}
