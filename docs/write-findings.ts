/** Writes firewall-findings.md from the catalogue of findings: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue, families, findingIds } from '../src/audit/catalogue.ts'

/** The document as the catalogue says it. */
export function findingsDocument(): string {
  const chapters = Object.entries(families).map(([tens, name]) => {
    const entries = findingIds.filter((id) => id.startsWith(tens)).map((id) => ({ id, ...catalogue[id] }))
    return [
      `## ${tens}x ${name}`,
      ...entries.map(
        ({ id, title, severity, level, meaning, fix }) =>
          `### ${id} ${title}\n\n*${severity}, ${level}.* ${meaning}\n\n→ ${fix}`,
      ),
    ].join('\n\n')
  })
  return `${[head, ...chapters].join('\n\n')}\n`
}

const head = `# What the firewall audit finds

Written from \`src/audit/catalogue/\` by \`npm run docs\`. An id keeps its meaning for ever: waivers, baselines and code
scanning rely on it. The level says how it is known: read in the rules and settings of the host (*rules*), computed from
them for a packet (*effect*), or tried with a real connection (*reach*, with \`--probe\`).`

if (import.meta.main) writeFileSync(join(import.meta.dirname, 'firewall-findings.md'), findingsDocument())
