import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batch } from '../../../src/engine/frame.ts'
import { directory } from '../../../src/resources/directory.ts'
import { file } from '../../../src/resources/file.ts'
import { link } from '../../../src/resources/link.ts'
import { block, line } from '../../../src/resources/text-edit.ts'
import { Secret } from '../../../src/secret/secret.ts'
import { apply, look, told } from '../../support/run-kind.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provision-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const { username } = userInfo()
const mine = { owner: username, group: username }
const at = (name: string) => join(folder, name)
const sha = /(sha256|keyed):[0-9a-f]{12}/g

/** The law of every kind: what was applied is not planned again. */
function settle(...resources: Parameters<typeof look>[0]) {
  const result = apply(look(resources))
  expect(result).toEqual({ code: 0, stderr: '' })
  expect(told(look(resources))).toEqual([])
}

test.each([
  'plain\n',
  '',
  'no newline at the end',
  'it\'s $HOME `id` \\n \\\\ "x" %s\n',
  '\n\n\n',
  'ünïcode ✓\n',
  'x'.repeat(2_000_000),
])('a file has exactly its content: %.20j', (content) => {
  settle(file(at('a file'), { content, ...mine }))
  expect(readFileSync(at('a file'), 'utf8') === content).toBe(true)
})

test('a plan says what differs, one line an attribute', () => {
  writeFileSync(at('f'), 'old')
  chmodSync(at('f'), 0o600)
  const wanted = [file(at('f'), { content: 'new', ...mine }), file(at('g'), { content: 'x', ...mine })]
  expect(told(look(wanted)).map((t) => t.replaceAll(sha, 'SUM').replaceAll(folder, ''))).toEqual([
    'file[/f] content SUM → SUM',
    'file[/f] mode 600 → 644',
    'file[/g] content absent → SUM',
  ])
})

test('a mode alone is changed without writing the file again', () => {
  writeFileSync(at('f'), 'same')
  chmodSync(at('f'), 0o777)
  const { ino } = statSync(at('f'))
  settle(file(at('f'), { content: 'same', mode: '0640', ...mine }))
  expect([statSync(at('f')).ino, statSync(at('f')).mode & 0o7777]).toEqual([ino, 0o640])
})

test('a file that does not pass its validation leaves the old one, and nothing beside it', () => {
  writeFileSync(at('f'), 'old')
  const result = apply(look([file(at('f'), { content: 'new', validate: 'grep -q good %s', ...mine })]))
  expect(result.code).not.toBe(0)
  expect([readFileSync(at('f'), 'utf8'), readdirSync(folder)]).toEqual(['old', ['f']])
  settle(file(at('f'), { content: 'good', validate: 'grep -q good %s', ...mine }))
})

test('absent takes a file away', () => {
  writeFileSync(at('f'), 'x')
  settle(file(at('f'), { ensure: 'absent' }))
  expect(readdirSync(folder)).toEqual([])
})

test('a secret is written, but no plan, script for people or event shows it', () => {
  const wanted = [file(at('f'), { content: new Secret('token', 'hush-hush'), mode: '0600', ...mine })]
  const dues = look(wanted)
  const planned = dues.map((d) => ({
    desired: d.resource.desired,
    actual: d.actual,
    changes: d.step.changes,
    answers: [],
  }))
  const kind = dues[0]?.resource.kind
  if (!kind) throw new Error('nothing is due')
  expect(inspect(dues, { depth: 9 }) + batch([{ script: kind.apply(planned) }]).script.shown).not.toContain(
    'hush',
  )
  settle(...wanted)
  expect(readFileSync(at('f'), 'utf8')).toBe('hush-hush')
})

test.each(['644', '755', '0888', ''])('a mode that is not octal text is refused: %j', (mode) => {
  expect(() => file('/x', { content: '', mode })).toThrow(/mode must be octal text such as '0644'/)
})

test.each(['relative', '/a\nb', '/a\\b', '/a/'])('a path that could mislead is refused: %j', (path) => {
  expect(() => file(path, { content: '' })).toThrow(/give an absolute path/)
})

test('directories, links and files of one role settle together', () => {
  settle(directory(at('d/e'), { mode: '0750', ...mine }), link(at('l'), { to: at('d') }))
  settle(link(at('l'), { to: '/elsewhere' }))
})

test('a link never replaces a directory', () => {
  mkdirSync(at('l'))
  const result = apply(look([link(at('l'), { to: '/x' })]))
  expect(result).toMatchObject({ code: 1, stderr: `${at('l')} is there and is no link\n` })
})

test('several edits of one file all land, in one write that keeps its mode', () => {
  writeFileSync(at('f'), 'a=1\nb=2\nold\n', { mode: 0o600 })
  settle(
    line(at('f'), { line: 'a=9', replaces: 'a=' }),
    line(at('f'), { line: 'c=3' }),
    line(at('f'), { line: 'old', ensure: 'absent' }),
    block(at('f'), { name: 'hosts', content: 'x\ny\n' }),
  )
  expect(readFileSync(at('f'), 'utf8')).toBe(
    'a=9\nb=2\nc=3\n# BEGIN provision hosts\nx\ny\n# END provision hosts\n',
  )
  settle(block(at('f'), { name: 'hosts', content: 'z' }))
  settle(block(at('f'), { name: 'hosts', content: '', ensure: 'absent' }))
  expect(readFileSync(at('f'), 'utf8')).toBe('a=9\nb=2\nc=3\n')
  expect(statSync(at('f')).mode & 0o777).toBe(0o600)
})

test('a line is added to an empty file, and to one that is not there', () => {
  writeFileSync(at('f'), '')
  settle(line(at('f'), { line: 'x' }), line(at('g'), { line: 'y' }))
  expect(readFileSync(at('f'), 'utf8') + readFileSync(at('g'), 'utf8')).toBe('x\ny\n')
})
