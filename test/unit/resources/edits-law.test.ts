import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { batch } from '../../../src/engine/frame.ts'
import { RefusedError } from '../../../src/errors.ts'
import { type Output, outputOf } from '../../../src/model/probe.ts'
import { entriesFor, lineOf, withEntry, withoutSwap } from '../../../src/resources/fstab.ts'
import { keyOn, withKey } from '../../../src/resources/public-key.ts'
import { probeTexts } from '../../../src/resources/read-texts.ts'
import { rewrite, rewriteTools } from '../../../src/resources/rewrite.ts'
import { block, line } from '../../../src/resources/text-edit.ts'
import { lines, type Script, sh } from '../../../src/shell/sh.ts'
import { type Random, randomOf, seedOf } from '../../support/random.ts'

// Random files × random edits, by the real `sh`: what is not ours stays byte for byte, a second run changes nothing, a
// refused edit has changed nothing at all.

const cases = 5100
const perShell = 300
const seed = seedOf('LAW_SEED')
// In memory where that is possible: thousands of files are flushed, which a disk takes its time for.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'provision-law-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** An edit, and which lines of a file (without their ends) are its own to change. */
interface Edit {
  readonly name: string
  readonly edit: (before: string) => string
  /** True for each line of the file that the edit may take or change. Written apart from the edit, on bytes. */
  readonly ours: (rows: readonly string[]) => readonly boolean[]
  /** Must hold afterwards, of the lines. */
  readonly holds: (rows: readonly string[]) => boolean
}

const key = (fill: number) => {
  const type = Buffer.from('ssh-ed25519')
  const size = (n: number) => Buffer.from([0, 0, 0, n])
  const blob = Buffer.concat([size(type.length), type, size(32), Buffer.alloc(32, fill)])
  return `ssh-ed25519 ${blob.toString('base64')}`
}

const each = (is: (row: string) => boolean) => (rows: readonly string[]) => rows.map(is)
const count = (rows: readonly string[], text: string) => rows.filter((row) => row === text).length
const latin = (text: string) => Buffer.from(text).toString('latin1')

/** What is between the marks of a block, the marks as well. */
function inBlock(name: string) {
  return (rows: readonly string[]) => {
    let isIn = false
    return rows.map((row) => {
      if (row === `# BEGIN provision ${name}`) isIn = true
      const is = isIn
      if (row === `# END provision ${name}`) isIn = false
      return is
    })
  }
}

function someEdit(random: Random): Edit {
  const text = random.one([
    'PermitRootLogin no',
    '-n',
    '%s\\n\\0101',
    'it\'s $HOME `x` "',
    'Grüße',
    '  indented',
    '\\c',
    '--',
  ])
  const wanted = latin(text)
  const desired = (resource: { readonly desired: { edit: Edit['edit'] } }) => resource.desired.edit
  const kinds: readonly [() => Edit, ...(() => Edit)[]] = [
    () => ({
      name: `line ${text}`,
      edit: desired(line('/f', { line: text })),
      ours: each((row) => row === wanted),
      holds: (rows) => count(rows, wanted) === 1,
    }),
    () => ({
      name: `no line ${text}`,
      edit: desired(line('/f', { line: text, ensure: 'absent' })),
      ours: each((row) => row === wanted),
      holds: (rows) => count(rows, wanted) === 0,
    }),
    () => ({
      name: `line ${text} for a pattern`,
      edit: desired(
        line('/f', {
          line: text,
          replaces: random.one<RegExp | string>([/^#?\s*Permit\w+/gy, 'Permit', /^#?\s*Permit\w+/]),
        }),
      ),
      ours: each((row) => row === wanted || /^#?\s*Permit\w+/.test(row)),
      holds: (rows) => count(rows, wanted) === 1,
    }),
    () => {
      const name = random.one(['x', 'a b', 'ü'])
      const content = random.one(['', 'one\ntwo\n', 'one\r\n', '\n\n', `${text}\nlast`])
      const rowsIn = content === '' ? [] : content.replace(/\r?\n$/, '').split(/\r?\n/)
      return {
        name: `block ${name}`,
        edit: desired(block('/f', { name, content })),
        ours: inBlock(latin(name)),
        holds: (rows) => {
          const from = rows.indexOf(`# BEGIN provision ${latin(name)}`)
          const part = rows.slice(from + 1, from + 2 + rowsIn.length)
          return (
            from >= 0 &&
            part.join('\n') === [...rowsIn.map(latin), `# END provision ${latin(name)}`].join('\n')
          )
        },
      }
    },
    () => ({
      name: 'no block x',
      edit: desired(block('/f', { name: 'x', content: '', ensure: 'absent' })),
      ours: inBlock('x'),
      holds: (rows) => count(rows, '# BEGIN provision x') === 0,
    }),
    () => {
      const own = `${random.one(['', 'restrict ', 'command="a \\" b",no-pty '])}${key(1)} me@laptop`
      const absent = random.chance(0.3)
      const parsed = keyOn(own)
      if (!parsed) throw new Error('no key')
      // Options are words and quoted texts without a blank between them.
      const isKey = new RegExp(
        `^[ \\t]*(?!#)(("(\\\\"|[^"])*"|[^" \\t])+[ \\t]+)?${key(1).replaceAll('+', '\\+')}(?![^ \\t])`,
      )
      return {
        name: `${absent ? 'no ' : ''}key ${own}`,
        edit: (before) => withKey(before, { line: own, key: parsed, absent }),
        ours: each((row) => isKey.test(row)),
        holds: (rows) => rows.some((row) => isKey.test(row)) !== absent,
      }
    },
    () => ({
      name: 'fstab',
      edit: (before) => {
        const found = entriesFor(before, ['/mnt/my disk'])
        if (found.length > 1) throw new RefusedError({ what: 'two lines' })
        return withEntry(
          before,
          found[0]?.at,
          lineOf(['tmpfs', '/mnt/my disk', 'tmpfs', 'defaults', '0', '0']),
        )
      },
      ours: each((row) => /^[ \t]*[^# \t][^ \t]*[ \t]+\/mnt\/+my\\040disk\/?([ \t]|$)/.test(row)),
      holds: (rows) => count(rows, 'tmpfs /mnt/my\\040disk tmpfs defaults 0 0') === 1,
    }),
    () => ({
      name: 'no swap',
      edit: withoutSwap,
      ours: each((row) => /^[ \t]*(#[ \t]*)?[^# \t][^ \t]*[ \t]+[^ \t]+[ \t]+swap([ \t]|$)/.test(row)),
      holds: (rows) => !rows.some((row) => /^[ \t]*[^# \t][^ \t]*[ \t]+[^ \t]+[ \t]+swap([ \t]|$)/.test(row)),
    }),
  ]
  return random.one(kinds)()
}

function someFile(random: Random, mayHaveMark: boolean): Buffer | undefined {
  if (random.chance(0.03)) return undefined
  const known = [
    'PermitRootLogin yes',
    'PermitRootLogin no',
    '#PermitRootLogin',
    '# Permit nothing',
    '-n',
    '--',
    '\\c',
    '%s\\n\\0101',
    'Grüße',
    '# BEGIN provision x',
    '# END provision x',
    '# BEGIN provision a b',
    '# END provision a b',
    '# BEGIN provision ü',
    'one',
    'two',
    '',
    `${key(1)} me@laptop`,
    `${key(2)} other`,
    `restrict ${key(1)}`,
    `# ${key(1)}`,
    `from="a b",command="x ${key(3)}" ${key(1)} c`,
    'tmpfs /mnt/my\\040disk tmpfs defaults 0 0',
    ' /dev/sda1\t/mnt/my\\040disk/  ext4 ro',
    '# x /mnt/my\\040disk',
    '/dev/sdb none swap sw 0 0',
    '# /dev/sdc none swap sw',
    '\tUUID=1   swap\tswap',
    'LABEL=\xE9 /srv/\xFC xfs',
  ]
  const noise = () =>
    random.chance(0.5)
      ? Buffer.from(random.many(random.below(40), () => random.below(256)))
      : Buffer.from(
          random.one([
            'Hans M\xFCller',
            'a\0b',
            '\r',
            '\xC3',
            '\xFF\xFE',
            'x'.repeat(9000),
            '\xC3\xA4',
            ' \t',
          ]),
          'latin1',
        )
  const wholeBlock = () => Buffer.from('# BEGIN provision x\none\n# END provision x')
  const ends = random.one([['\n'], ['\r\n'], ['\n', '\r\n'], ['\n', '\r', '\0\n']] as [
    readonly string[],
    ...(readonly string[])[],
  ])
  const end = () => Buffer.from(ends[random.below(ends.length)] ?? '\n')
  const rows = random.many(random.below(12), () =>
    random.chance(0.15)
      ? wholeBlock()
      : random.chance(0.6)
        ? Buffer.from(known[random.below(known.length)] ?? '', random.chance(0.8) ? 'utf8' : 'latin1')
        : noise(),
  )
  const mark = random.one([[], [], [], [], [], mayHaveMark ? [0xef, 0xbb, 0xbf] : [], [0xff, 0xfe]] as [
    number[],
    ...number[][],
  ])
  const parts = rows.flatMap((row, i) => (i === rows.length - 1 && random.chance(0.4) ? [row] : [row, end()]))
  const file = Buffer.concat([Buffer.from(mark), ...parts])
  return random.chance(0.05) ? Buffer.from(file.toString('latin1'), 'utf16le') : file
}

/** Rows of a file without their ends, and a byte order mark apart. Written apart from what is tested. */
function rowsOf(file: Buffer): { readonly texts: readonly string[]; readonly raw: readonly string[] } {
  const bytes = file.toString('latin1').replace(/^\xEF\xBB\xBF/, '')
  const raw = bytes.split('\n').map((row, i, all) => (i < all.length - 1 ? `${row}\n` : row))
  if (raw.at(-1) === '') raw.pop()
  return { raw, texts: raw.map((row) => row.replace(/\r?\n$|\r$/, '')) }
}

/** What does not belong to the edits, byte for byte; a last line may have been ended, nothing else. */
function foreign(file: Buffer, edits: readonly Edit[]): string {
  const { texts, raw } = rowsOf(file)
  const hasMark = file.toString('latin1').startsWith('\xEF\xBB\xBF')
  const ours = edits.map((e) => e.ours(texts))
  const bytes = raw.filter((_, i) => !ours.some((is) => is[i])).join('')
  return hasMark ? `mark ${bytes}` : bytes
}

async function run(script: Script): Promise<Output> {
  const { read, script: all } = batch([{ script, isolated: true }])
  const child = spawn('sh', ['-s'])
  child.stdin.end(all.text)
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)])
  const [output] = read(outputOf(0, stdout, stderr))
  if (!output) throw new Error(stderr.toString())
  return output
}

async function seen(paths: readonly string[]) {
  const probe = probeTexts([{ reads: paths }])
  const [texts] = probe.parse(await run(probe.script), [])
  return (path: string) => {
    const found = texts?.get(path)
    if (found && 'trouble' in found) throw new Error(`${path}: ${found.trouble}`)
    return found?.bytes
  }
}

const told = { changed: 0, refused: 0, alike: 0 }

/** Many cases by three shells: one looks, one edits, one looks again. */
async function tryMany(random: Random, round: number): Promise<void> {
  const items = random.many(perShell, () => {
    const edits = random.many(1 + random.below(2), () => someEdit(random))
    // To sshd a byte order mark is a part of the first line: what a key's line is depends on it (edits.test.ts).
    return { edits, file: someFile(random, !edits.some((e) => e.name.includes('key'))) }
  })
  const pathOf = (i: number) => join(folder, `${round}-${i} 'f"`)
  const paths = items.map((_, i) => pathOf(i))
  items.forEach(({ file }, i) => {
    if (file) writeFileSync(pathOf(i), file, { mode: 0o640 })
  })
  const look = await seen(paths)
  const rewrites: Script[] = []
  const outcomes = items.map(({ file, edits }, i) => {
    const before = look(pathOf(i))
    expect(before ?? 'absent').toBe(file?.toString('latin1') ?? 'absent')
    try {
      const after = edits.reduce((text, e) => e.edit(text), before ?? '')
      if (after === (before ?? '')) return 'alike'
      rewrites.push(rewrite({ path: pathOf(i), before, after }))
      return 'changed'
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      return 'refused'
    }
  })
  expect(await run(lines([sh`set -e`, rewriteTools, ...rewrites]))).toMatchObject({ code: 0, stderr: '' })
  const lookAgain = await seen(paths)
  items.forEach(({ file, edits }, i) => {
    const outcome = outcomes[i] ?? 'alike'
    told[outcome]++
    const path = pathOf(i)
    const why = `LAW_SEED=${seed} ${edits.map((e) => e.name).join(', ')} on ${JSON.stringify(file?.toString('latin1'))}`
    if (outcome !== 'changed') {
      expect(existsSync(path) ? readFileSync(path, 'latin1') : undefined, why).toBe(file?.toString('latin1'))
      return
    }
    const after = readFileSync(path)
    const kept = foreign(file ?? Buffer.alloc(0), edits)
    expect([kept, `${kept}\n`, `${kept}\r\n`], why).toContain(foreign(after, edits))
    const gave = `${why} gave ${JSON.stringify(after.toString('latin1'))}`
    expect(edits.at(-1)?.holds(rowsOf(after).texts), gave).toBe(true)
    if (edits.length === 1)
      expect(edits[0]?.edit(lookAgain(path) ?? '') === after.toString('latin1'), gave).toBe(true)
  })
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  for (const path of paths) rmSync(path, { force: true })
}

test(`${cases} random files and edits`, { timeout: 1_800_000 }, async () => {
  console.log(`LAW_SEED=${seed}`)
  const random = randomOf(seed)
  for (let i = 0; i < cases / perShell; i++) await tryMany(random, i)
  console.log(`${cases} cases: ${told.changed} changed, ${told.refused} refused, ${told.alike} as they were`)
  // A law that nothing was tried on would hold, too.
  expect(Math.min(told.changed, told.refused * 10, told.alike)).toBeGreaterThan(cases / 20)
})
