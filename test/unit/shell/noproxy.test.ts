import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')

/** Everything that ends in a script on a host; containers and units have no environment of a login. */
const sources = ['src', 'roles', 'templates/backup'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|hbs)$/.test(name))
    .map((name) => join(folder, name)),
)

/** Where curl is spoken of, or installed, not run. */
const isRun = (line: string) => /\bcurl (-|\$\{|')|\bcurl -/.test(line.replace(/^\s*(\*|\/\/|\/\*\*).*/, ''))

test('no question to the host itself or to a peer goes to the proxy of /etc/environment', () => {
  const asking = sources.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (isRun(line) ? [{ at: `${file}:${i + 1}`, line }] : [])),
  )
  // A line may have two of them: each begins a piece of its own.
  const pieces = asking.flatMap(({ at, line }) =>
    line
      .split(/(?=\bcurl -)/)
      .filter((piece) => piece.startsWith('curl -'))
      .map((piece) => ({ at, piece })),
  )
  expect(pieces.length).toBeGreaterThan(40)
  const isDirect = ({ piece }: { piece: string }) =>
    /--noproxy '\*'|--unix-socket|-f?K (\S*curl\.conf|\S*rest\.conf|\$\{monitoringLogin\})/.test(piece)
  expect(pieces.filter((p) => !isDirect(p)).map(({ at, piece }) => `${at}  ${piece.slice(0, 80)}`)).toEqual(
    [],
  )
})

test('the files that curl reads its login from keep it off proxies, too', () => {
  for (const role of ['roles/secrets.ts', 'roles/monitoring.ts'])
    expect(readFileSync(join(root, role), 'utf8')).toMatch(/^silent\nnoproxy = "\*"$/m)
})
