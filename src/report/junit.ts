import { createRequire } from 'node:module'
import type { Builder, TestSuite } from 'junit-report-builder'
import type { Event, Step } from '../model/event.ts'
import { describe } from './plain.ts'
import type { Report, ReportOptions } from './report.ts'

// Its ES module is not marked as one, so that Node only takes it by `require`.
const require = createRequire(import.meta.url)

/**
 * JUnit XML for CI: a suite for each host, a case for each step. In a plan each step that differs is a failure: a
 * nightly `provision plan --output junit` tells drift where the team looks anyway.
 */
export function junitReport({ write }: ReportOptions): Report {
  const builder = (require('junit-report-builder').default ?? require('junit-report-builder')) as Builder
  const report = builder.newBuilder()
  const suites = new Map<string, TestSuite>()
  let isPlan = false
  const suite = (host: string) => {
    const known = suites.get(host) ?? report.testSuite().name(host)
    suites.set(host, known)
    return known
  }
  const testCase = (host: string, step: Step, ms = 0) =>
    suite(host)
      .testCase()
      .className(`${host}.${step.role}`)
      .name(step.id)
      .file(step.where ?? '')
      .time(ms / 1000)

  function follow(event: Event): void {
    switch (event.type) {
      case 'start':
        isPlan = event.command === 'plan'
        for (const host of event.hosts) suite(host)
        return
      case 'planned':
        suite(event.plan.host)
          .testCase()
          .className(event.plan.host)
          .name('resources as they should be')
          .standardOutput(String(event.plan.resources - event.plan.steps.length))
        if (isPlan)
          for (const step of event.plan.steps)
            if (step.selected) testCase(event.plan.host, step).failure(describe(step), 'differs')
        return
      case 'applied':
        for (const step of event.steps)
          testCase(event.host, step, event.ms / event.steps.length).standardOutput(describe(step))
        return
      case 'skipped':
        for (const id of event.ids) suite(event.host).testCase().className(event.host).name(id).skipped()
        return
      case 'failed':
        suite(event.host)
          .testCase()
          .className(event.host)
          .name(event.unreachable ? 'reachable' : event.failure.what)
          .error(event.message, event.unreachable ? 'unreachable' : 'failed')
        return
      default:
        return
    }
  }
  return {
    report: follow,
    settle: async () => {},
    close: async () => write(`${report.build()}\n`),
  }
}
