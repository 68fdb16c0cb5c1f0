import { toJson } from '../secret/secret.ts'
import type { Report, ReportOptions } from './report.ts'

/** NDJSON: one event a line, as it happens. */
export function jsonReport({ write }: ReportOptions): Report {
  return {
    report: (event) => write(`${toJson(event)}\n`),
    settle: async () => {},
    close: async () => {},
  }
}
