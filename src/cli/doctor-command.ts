import type { RunResult } from '../engine/run.ts'
import { formatDoctor } from '../report/doctor-text.ts'
import { type Finding, type Precondition, preconditions } from '../resources/precondition.ts'
import { toJson } from '../secret/secret.ts'

/** Prints what the preconditions of a looked-at site measured; gives the exit code. */
export function showDoctor(result: RunResult, output: string, color: boolean): number {
  const examined = result.sessions.flatMap((s) =>
    s.wanted.flatMap(({ resource }) => {
      const finding = s.states.get(resource) as Finding | undefined
      if (resource.kind.name !== preconditions.name || !finding) return []
      const { needs, next, level } = resource.desired as Precondition
      return [{ host: s.host.name, name: resource.name, needs, next, level, ...finding }]
    }),
  )
  if (output === 'json') for (const e of examined) console.log(toJson(e))
  else console.log(formatDoctor(examined, color))
  if (result.unreachable) return 3
  return result.failed || examined.some((e) => !e.holds && e.level === 'error') ? 1 : 0
}
