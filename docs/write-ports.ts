/** Writes the port map of ha-design.md from the port matrix: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portMatrix } from '../roles/sheets/ports.ts'

const file = join(import.meta.dirname, 'ha-design.md')

/** The document with its port map as the matrix says it. */
export function withPorts(text: string): string {
  const rows = portMatrix.map(
    ({ from, protocol, ports, reason }) =>
      `| ${from.join(', ')} | ${protocol} | ${ports.join(', ')} | ${reason} |`,
  )
  const table = [
    '| from | protocol | ports | for |',
    '|---|---|---|---|',
    '| admin | tcp | 22 | ssh |',
    ...rows,
  ].join('\n')
  return text.replace(
    /<!-- ports -->[\s\S]*<!-- \/ports -->/,
    `<!-- ports -->\n${table}\n\nEverything else is closed, for IPv4 and IPv6.\n<!-- /ports -->`,
  )
}

if (import.meta.main) writeFileSync(file, withPorts(readFileSync(file, 'utf8')))
