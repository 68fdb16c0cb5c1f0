import type { Counters, Line, Ruleset } from './ruleset.ts'

/** The text that `parseSave` read, byte for byte. */
export function printSave(ruleset: Ruleset): string {
  return ruleset.lines.map(printLine).join('\n')
}

function printLine(line: Line): string {
  if (line.kind === 'text') return line.text
  if (line.kind === 'table') return `*${line.name}`
  if (line.kind === 'commit') return 'COMMIT'
  if (line.kind === 'chain') {
    const { name, policy = '-', counters } = line.chain
    return `:${name} ${policy}${counters ? ` ${print(counters)}` : ''}`
  }
  const { counters, text } = line.rule
  return counters ? `${print(counters)} ${text}` : text
}

const print = ({ packets, bytes }: Counters) => `[${packets}:${bytes}]`
