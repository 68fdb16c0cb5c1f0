import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boards } from './boards.ts'
import { dashboard } from './grafana.ts'

// `npm run docs`: writes the dashboards as Grafana imports them. They are committed: who has a Grafana needs no Node.
for (const board of boards) {
  const file = join(import.meta.dirname, `${board.uid}.json`)
  writeFileSync(file, JSON.stringify(dashboard(board)))
  execFileSync(
    join(import.meta.dirname, '..', '..', '..', 'node_modules', '.bin', 'biome'),
    ['format', '--write', file],
    { stdio: 'ignore' },
  )
}
console.log(`templates/monitoring/dashboards: ${boards.map((b) => b.uid).join(', ')}`)
