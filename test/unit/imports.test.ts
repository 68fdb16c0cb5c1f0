import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** Which folders of `src/` a folder may import from, beside itself and `errors.ts`. One way only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  secret: [],
  shell: ['secret'],
  model: ['shell', 'secret'],
  docker: ['model', 'shell', 'secret'],
  patroni: ['docker', 'model', 'shell', 'secret'],
  postgres: ['shell', 'secret'],
  facts: ['docker', 'patroni', 'model', 'shell', 'secret'],
  firewall: ['model', 'shell', 'secret'],
  audit: ['firewall', 'model', 'shell', 'secret'],
  resources: ['docker', 'patroni', 'postgres', 'model', 'shell', 'secret', 'firewall'],
  template: ['model', 'shell', 'secret'],
  inventory: ['model', 'shell', 'secret'],
  vault: ['model', 'secret'],
  status: ['facts', 'model', 'shell', 'secret'],
  engine: ['model', 'shell', 'secret'],
  transport: ['model', 'shell', 'secret'],
  report: ['model', 'shell', 'secret', 'status', 'audit'],
  lab: ['shell', 'model'],
  // `firewall`: its history and its rollback are commands of their own, beside the kind of resource.
  cli: [
    'docker',
    'facts',
    'firewall',
    'model',
    'engine',
    'inventory',
    'vault',
    'status',
    'audit',
    'transport',
    'report',
    'template',
    'lab',
    'resources',
    'shell',
    'secret',
  ],
}

test('imports run one way', () => {
  const wrong: string[] = []
  for (const file of sources('src')) {
    const folder = relative(join(root, 'src'), file).split('/')[0] ?? ''
    if (!allowed[folder]) continue
    for (const target of importsOf(file)) {
      // Below them all.
      if (target === join(root, 'package.json')) continue
      const other = relative(join(root, 'src'), target).split('/')[0] ?? ''
      if (other !== folder && other !== 'errors.ts' && !allowed[folder].includes(other))
        wrong.push(`${relative(root, file)} imports ${relative(root, target)}`)
    }
  }
  expect(wrong).toEqual([])
})

test('no source file is longer than 300 lines', () => {
  const long = sources('src').filter((file) => readFileSync(file, 'utf8').split('\n').length > 301)
  expect(long.map((file) => relative(root, file))).toEqual([])
})

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name))
}

function importsOf(file: string): string[] {
  return [
    ...readFileSync(file, 'utf8').matchAll(/from '(\.{1,2}\/[^']+)'|import\('(\.{1,2}\/[^']+)'\)/g),
  ].map(([, a, b]) => join(dirname(file), a ?? b ?? ''))
}
