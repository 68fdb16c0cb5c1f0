import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InputError, RefusedError } from '../../../src/errors.ts'
import { authorizedKey } from '../../../src/resources/authorized-key.ts'
import { entriesFor, fieldsOf, lineOf, normal, withEntry, withoutSwap } from '../../../src/resources/fstab.ts'
import { hostsFile } from '../../../src/resources/host-files.ts'
import { mount } from '../../../src/resources/mount.ts'
import { keyOn, withKey } from '../../../src/resources/public-key.ts'
import { block, line } from '../../../src/resources/text-edit.ts'
import { apply, look, told } from '../../support/run-kind.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provision-edits-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const write = (name: string, latin1: string) => writeFileSync(at(name), latin1, 'latin1')
const read = (name: string) => readFileSync(at(name), 'latin1')

/** Applies, and looks again: nothing is left to do. */
function settle(...resources: Parameters<typeof look>[0]) {
  expect(apply(look(resources))).toEqual({ code: 0, stderr: '' })
  expect(told(look(resources))).toEqual([])
}

test.each([
  ['a NUL', 'keep=1\0x\nkeep=2\n'],
  ['Latin-1', '10.9.9.9 old # B\xfcro\n10.9.9.8 keep\n'],
  ['a byte order mark', '\xef\xbb\xbffirst\n'],
  ['all bytes', `${Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')}\n`],
  ['a line of half a megabyte', `${'x'.repeat(500_000)}\xff\n`],
  ['CRLF', 'a\r\nb\r\n', 'a\r\nb\r\nnew line\r\n'],
  ['CR alone', 'a\rb\rc', 'a\rb\rc\nnew line\n'],
  ['UTF-16', '\xff\xfea\0\n\0b\0', '\xff\xfea\0\n\0b\0\nnew line\n'],
  ['no newline at the end', 'a\nb', 'a\nb\nnew line\n'],
  ['what looks like an option', '-n\n--\n', '-n\n--\nnew line\n'],
])(
  'a line is added to a file with %s, and not a byte of it changes',
  (_, before, after = `${before}new line\n`) => {
    write('f', before)
    settle(line(at('f'), { line: 'new line' }))
    expect(read('f') === after).toBe(true)
  },
)

test('locale or not: the same bytes are seen and written', () => {
  write('f', '10.9.9.9 old # B\xfcro\n')
  const locale = process.env.LC_ALL
  process.env.LC_ALL = 'C.UTF-8'
  try {
    settle(block(at('f'), { name: 'peers', content: '10.77.0.12 h2' }), line(at('f'), { line: 'ü' }))
  } finally {
    if (locale === undefined) delete process.env.LC_ALL
    else process.env.LC_ALL = locale
  }
  expect(read('f')).toBe(
    '10.9.9.9 old # B\xfcro\n# BEGIN provision peers\n10.77.0.12 h2\n# END provision peers\n\xc3\xbc\n',
  )
})

const mark = (word: string, name = 'x') => `# ${word} provision ${name}`
test.each([
  [['head', mark('BEGIN'), 'one', 'other owner line'], /BEGIN without END at line 2/],
  [['head', mark('END'), 'one'], /END without BEGIN at line 2/],
  [[mark('END'), mark('BEGIN')], /END without BEGIN at line 1/],
  [
    [mark('BEGIN'), 'a', mark('BEGIN'), 'b', mark('END')],
    /BEGIN without END at line 1, and BEGIN again at line 3/,
  ],
  [[mark('BEGIN'), 'a', mark('END'), 'b', mark('END')], /END without BEGIN at line 5/],
  [[mark('BEGIN'), mark('END'), 'a', mark('BEGIN'), mark('END')], /twice, at line 1 and at line 4/],
  [
    [mark('BEGIN'), mark('BEGIN', 'y'), mark('END'), mark('END', 'y')],
    /mark of another block is within it, at line 2/,
  ],
  [[mark('BEGIN'), 'a', mark('END', 'y'), mark('END')], /mark of another block is within it, at line 3/],
])('marks that leave open what is ours are refused with their line: %j', (rows, message) => {
  for (const end of ['\n', '\r\n']) {
    write('f', rows.join(end))
    for (const ensure of ['present', 'absent'] as const) {
      const wish = () => look([block(at('f'), { name: 'x', content: 'one\ntwo\n', ensure })])
      expect(wish).toThrow(RefusedError)
      expect(wish).toThrow(message)
    }
    expect(read('f')).toBe(rows.join(end))
  }
})

test('a block in a file with CRLF is found, and written with CRLF', () => {
  write('f', `a\r\n${mark('BEGIN')}\r\nold\r\n${mark('END')}\r\nb\r\n`)
  settle(block(at('f'), { name: 'x', content: 'one\ntwo\n' }))
  expect(read('f')).toBe(`a\r\n${mark('BEGIN')}\r\none\r\ntwo\r\n${mark('END')}\r\nb\r\n`)
  settle(block(at('f'), { name: 'x', content: '', ensure: 'absent' }))
  expect(read('f')).toBe('a\r\nb\r\n')
})

test.each([
  () => block('/f', { name: 'n\nl', content: 'x' }),
  () => block('/f', { name: '', content: 'x' }),
  () => block('/f', { name: 'x ', content: 'x' }),
  () => block('/f', { name: 'y', content: 'one\n# END provision y\ntwo\n' }),
  () => block('/f', { name: 'y', content: 'one\r\n# BEGIN provision other\r\ntwo\r\n' }),
  () => block('/f', { name: 'y', content: 'a\0b' }),
  () => line('/f', { line: 'a\nb' }),
  () => line('/f', { line: 'a\r' }),
  () => line('/f', { line: '' }),
  () => line('/f', { line: 'a\0b' }),
  () => line('/f', { line: 'a', replaces: '' }),
  () => line('/f', { line: 'a', replaces: { prefix: ' ' } }),
  () => line('/f', { line: 'a', replaces: /x*/ }),
  () => line('/f', { line: 'a', replaces: /^\s*$/g }),
  () => line('/f', { line: 'a', replaces: /a/, ensure: 'absent' }),
  ...['^KEY=\\d+', '^KEY=', 'KEY=.*', 'KEY=$', 'KEY=[0-9]+', '#?Port', 'a|b', 'KEY=*'].map(
    (replaces) => () => line('/f', { line: 'KEY=7', replaces }),
  ),
  () => hostsFile('x', [{ address: '10.0.0.1', names: ['a\n10.0.0.2'] }]),
])('what would be read back as something else is bad input: %s', (wish) => {
  expect(wish).toThrow(InputError)
})

test.each([
  'PermitRootLogin',
  '[my-section]',
  '*.info',
  '$ModLoad imuxsock',
  'net.ipv4.ip_forward',
  '-A INPUT',
  '/srv (x)',
  'a\\tb',
])('a prefix that is none of a regular expression is taken: %s', (replaces) => {
  expect(() => line('/f', { line: 'x', replaces })).not.toThrow()
})

test.each([
  [
    'the first of several is replaced, the others go',
    'PermitRootLogin yes\nX\nPermitRootLogin no\n',
    'PermitRootLogin',
    'PermitRootLogin no\nX\n',
  ],
  [
    'a RegExp, with flags that remember',
    '#PermitRootLogin x\nX\n  PermitRootLogin yes\n',
    /^\s*#?\s*PermitRootLogin\b/gy,
    'PermitRootLogin no\nX\n',
  ],
  [
    'the line stands elsewhere',
    'PermitRootLogin no\nX\nRootLogin old\n',
    /^RootLogin/,
    'X\nPermitRootLogin no\n',
  ],
  ['nothing matches', 'X\n', /^Nothing/, 'X\nPermitRootLogin no\n'],
  ['twice there', 'PermitRootLogin no\nX\nPermitRootLogin no', undefined, 'PermitRootLogin no\nX\n'],
  ['a prefix that looks like a pattern', '^Permit\nX\n', { prefix: '^Permit' }, 'PermitRootLogin no\nX\n'],
  ['letters beyond ASCII', 'größe=1\n', /^gr..e=\d$/, 'PermitRootLogin no\n'],
])('replaces: %s', (_, before, replaces, after) => {
  writeFileSync(at('f'), before)
  const wish = { line: 'PermitRootLogin no', ...(replaces === undefined ? {} : { replaces }) }
  settle(line(at('f'), wish))
  expect(readFileSync(at('f'), 'utf8')).toBe(after)
})

test('an absent line takes only lines that are exactly it', () => {
  write('f', 'x\nx y\n x\nX\nx\n#x')
  settle(line(at('f'), { line: 'x', ensure: 'absent' }))
  expect(read('f')).toBe('x y\n x\nX\n#x')
})

test('a link is edited at its target, however it leads there; a new target is made', () => {
  mkdirSync(at('d'))
  write('d/target', 'keep\n')
  chmodSync(at('d/target'), 0o604)
  for (const [name, to] of [
    ['relative', 'd/target'],
    ['absolute', at('d/target')],
    ['chain', 'relative'],
    ['through', 'folder/target'],
    ['folder', 'd'],
    ['new', 'd/made'],
  ] as const)
    symlinkSync(to, at(name))
  for (const name of ['relative', 'absolute', 'chain', 'through'])
    settle(line(at(name), { line: `by ${name}` }), block(at(name), { name, content: 'x' }))
  settle(line(at('folder/target'), { line: 'by folder' }), line(at('new'), { line: 'made' }))
  expect(
    read('d/target')
      .split('\n')
      .filter((row) => /^(keep|by)/.test(row)),
  ).toEqual(['keep', 'by relative', 'by absolute', 'by chain', 'by through', 'by folder'])
  expect(statSync(at('d/target')).mode & 0o777).toBe(0o604)
  expect(read('d/made')).toBe('made\n')
  for (const name of ['relative', 'absolute', 'chain', 'through', 'new', 'folder'])
    expect(lstatSync(at(name)).isSymbolicLink()).toBe(true)
  expect(readlinkSync(at('chain'))).toBe('relative')
  expect(readdirSync(at('d')).sort()).toEqual(['made', 'target'])
})

test('a link in a circle, or into a folder that is not there, is refused; what is no file as well', () => {
  symlinkSync('b', at('a'))
  symlinkSync('a', at('b'))
  symlinkSync('no/where', at('c'))
  expect(apply(look([line(at('a'), { line: 'x' })]))).toMatchObject({
    stderr: expect.stringContaining('leads in a circle'),
  })
  expect(apply(look([line(at('c'), { line: 'x' })]))).toMatchObject({
    stderr: expect.stringContaining('its folder is not there'),
  })
  expect(apply(look([line(at('no/f'), { line: 'x' })]))).toMatchObject({
    stderr: expect.stringContaining('its folder is not there'),
  })
  mkdirSync(at('d'))
  expect(() => look([line(at('d'), { line: 'x' })])).toThrow(/cannot be edited: it is no file/)
  expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'c', 'd'])
})

test('a file that was changed since it was looked at is refused, and keeps the other change', () => {
  write('f', 'a\n')
  const dues = look([line(at('f'), { line: 'x' }), line(at('g'), { line: 'x' })])
  write('f', 'a\nmeanwhile\n')
  expect(apply(dues)).toMatchObject({
    stderr: expect.stringMatching(/changed by something else.*nothing was written; run again/),
  })
  expect(read('f')).toBe('a\nmeanwhile\n')
  const more = look([line(at('g'), { line: 'x' })])
  write('g', 'made meanwhile\n')
  expect(apply(more).code).not.toBe(0)
  expect(readdirSync(folder).sort()).toEqual(['f', 'g'])
  expect(read('g')).toBe('made meanwhile\n')
})

test('a change between two places of one edit is not lost either, though nothing moves', () => {
  write('f', 'FIRST=1\nsomebody=1\nLAST=1\n')
  const dues = look([
    line(at('f'), { line: 'FIRST=2', replaces: 'FIRST=' }),
    line(at('f'), { line: 'LAST=2', replaces: 'LAST=' }),
  ])
  write('f', 'FIRST=1\nsomebody=7\nLAST=1\n')
  expect(apply(dues)).toMatchObject({ stderr: expect.stringContaining('changed by something else') })
  expect(read('f')).toBe('FIRST=1\nsomebody=7\nLAST=1\n')
})

test('a file of several names stays one, with its mode and time of birth', () => {
  write('f', 'a\nlonger than what comes after it\n')
  linkSync(at('f'), at('other'))
  const { ino } = statSync(at('f'))
  settle(line(at('f'), { line: 'b', replaces: 'longer' }))
  settle(line(at('f'), { line: 'c'.repeat(100) }))
  expect(read('other')).toBe(`a\nb\n${'c'.repeat(100)}\n`)
  expect([statSync(at('f')).ino, statSync(at('f')).nlink]).toEqual([ino, 2])
  expect(readdirSync(folder).sort()).toEqual(['f', 'other'])
})

test('what a killed run has left beside the file is taken over, a planted link is not followed', () => {
  write('f', 'a\n')
  write('victim', 'safe')
  symlinkSync('victim', at('.f.provision'))
  settle(line(at('f'), { line: 'b' }))
  expect([read('f'), read('victim')]).toEqual(['a\nb\n', 'safe'])
  expect(readdirSync(folder).sort()).toEqual(['f', 'victim'])
})

test.runIf(process.getuid?.() === 0)('no user makes root write to what is not the user’s own', () => {
  const [user, other] = [65_534, 65_533]
  const own = (name: string, uid: number) => spawnSync('chown', ['-h', `${uid}:${uid}`, at(name)])
  chmodSync(folder, 0o755)
  mkdirSync(at('home'))
  mkdirSync(at('etc'))
  write('etc/shadow', 'secret\n')
  write('etc/theirs', 'a\n')
  write('home/own', 'a\n')
  symlinkSync('../etc/shadow', at('home/link'))
  symlinkSync('../etc', at('home/folder'))
  symlinkSync('own', at('home/good'))
  symlinkSync('../etc/theirs', at('home/given'))
  symlinkSync('../etc/new', at('home/new'))
  for (const name of [
    'home',
    'home/own',
    'home/link',
    'home/folder',
    'home/good',
    'home/given',
    'home/new',
    'etc/theirs',
  ])
    own(name, user)
  own('etc/theirs', other)
  for (const name of ['link', 'folder/shadow', 'given', 'new']) {
    const result = apply(look([line(at(`home/${name}`), { line: 'x' })]))
    expect(result, name).toMatchObject({
      stderr: expect.stringMatching(
        /which is not \S+'s, by a link that \S+ may have made: nothing was written/,
      ),
    })
  }
  expect([read('etc/shadow'), read('etc/theirs'), existsSync(at('etc/new'))]).toEqual([
    'secret\n',
    'a\n',
    false,
  ])
  settle(line(at('home/good'), { line: 'x' }))
  own('etc/theirs', user)
  settle(line(at('home/given'), { line: 'x' }))
  expect([read('home/own'), read('etc/theirs'), statSync(at('home/own')).uid]).toEqual([
    'a\nx\n',
    'a\nx\n',
    user,
  ])
})

test.runIf(process.getuid?.() === 0)(
  'a full disk: it is named, the file is as it was, nothing stays beside it',
  () => {
    const disk = at('disk')
    mkdirSync(disk)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status).toBe(0)
    try {
      write('disk/f', 'x'.repeat(30_000))
      write('disk/two', 'y'.repeat(10_000))
      linkSync(join(disk, 'two'), join(disk, 'names'))
      for (const name of ['f', 'two']) {
        const result = apply(look([line(join(disk, name), { line: 'z'.repeat(40_000) })]))
        expect(result).toMatchObject({ stderr: expect.stringMatching(/could not be written.*no space left/) })
      }
      expect([read('disk/f').length, read('disk/two')]).toEqual([30_000, 'y'.repeat(10_000)])
      expect(readdirSync(disk).sort()).toEqual(['f', 'names', 'two'])
    } finally {
      spawnSync('umount', [disk])
    }
  },
)

test.runIf(process.getuid?.() === 0)(
  'a file that is mounted cannot be replaced: it is written in its place',
  () => {
    write('f', 'a\n')
    write('over', 'b\n')
    expect(spawnSync('mount', ['--bind', at('over'), at('f')]).status).toBe(0)
    try {
      settle(line(at('f'), { line: 'c' }))
      expect([read('f'), read('over')]).toEqual(['b\nc\n', 'b\nc\n'])
    } finally {
      spawnSync('umount', [at('f')])
    }
    expect([read('f'), readdirSync(folder).sort()]).toEqual(['a\n', ['f', 'over']])
  },
)

/** A key of a type, made of its parts. */
function key(fill: number, type = 'ssh-ed25519', claimed = type): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return `${claimed} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, fill))]).toString('base64')}`
}

test.each([
  'not a key',
  '',
  'ssh-ed25519',
  key(1).slice(0, -4),
  key(1, 'ssh-rsa', 'ssh-ed25519'),
  `# ${key(1)}`,
  `${key(1)}\n${key(2)}`,
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'ssh-rsa AAAA',
  key(1).split(' ')[1] ?? '',
])('what is no public key is bad input, and not shown whole: %s', (text) => {
  expect(() => authorizedKey('bob', text)).toThrow(InputError)
})

test.each([
  ['the last line lacks its end', `${key(1)} old@laptop`, key(2), `${key(1)} old@laptop\n${key(2)}\n`],
  ['it is there', `${key(2)} of others\n`, `${key(2)} me`, `${key(2)} of others\n`],
  ['it is there with options', `restrict ${key(2)}\n`, `${key(2)} me`, `restrict ${key(2)}\n`],
  [
    'it is there, but not with these options',
    `${key(2)}\nx\n${key(2)} y\n`,
    `restrict ${key(2)}`,
    `restrict ${key(2)}\nx\n`,
  ],
  ['it is a comment', `# ${key(2)}\n`, key(2), `# ${key(2)}\n${key(2)}\n`],
  [
    'it is within an option',
    `command="${key(2)}" ${key(1)}\n`,
    key(2),
    `command="${key(2)}" ${key(1)}\n${key(2)}\n`,
  ],
  ['it is a part of a longer word', `${key(2)}AAAA\n`, key(2), `${key(2)}AAAA\n${key(2)}\n`],
  ['a byte order mark, and nothing else', '\xef\xbb\xbf', key(2), `\xef\xbb\xbf\n${key(2)}\n`],
  ['a byte order mark', `\xef\xbb\xbf${key(2)}\n`, key(2), `\xef\xbb\xbf${key(2)}\n${key(2)}\n`],
  ['a file with CRLF', `${key(1)}\r\n`, key(2), `${key(1)}\r\n${key(2)}\r\n`],
])('authorized_keys: %s', (_, before, wish, after) => {
  const parsed = keyOn(wish)
  if (!parsed) throw new Error('no key')
  const now = withKey(before, { line: wish, key: parsed, absent: false })
  expect(now).toBe(after)
  expect(withKey(now, { line: wish, key: parsed, absent: false })).toBe(now)
})

test('a mount point has one spelling, and fstab its escapes', () => {
  expect(['/mnt/slash/', '/mnt//slash', '/mnt/./slash/.', '/'].map(normal)).toEqual([
    '/mnt/slash',
    '/mnt/slash',
    '/mnt/slash',
    '/',
  ])
  const fields = ['//server/a b', '/mnt/my disk\t\\x', 'cifs', 'user=#x,ro', '0', '0']
  expect(lineOf(fields)).toBe('//server/a\\040b /mnt/my\\040disk\\011\\134x cifs user=#x,ro 0 0')
  expect(fieldsOf(lineOf(fields))).toEqual(fields)
  expect(fieldsOf(' # /dev/sda / ext4')).toBeUndefined()
  expect(mount('/mnt/my disk/', { device: 'tmpfs', fstype: 'tmpfs' }).name).toBe('/mnt/my disk')
})

test.each(['mnt', '/mnt/../x', '/mnt/a\nb'])('a mount point that could mislead is bad input: %j', (path) => {
  expect(() => mount(path, { device: 'x', fstype: 'tmpfs' })).toThrow(InputError)
})

test('an escape of fstab is not guessed about: what to write is said', () => {
  expect(() => mount('/mnt/my\\040disk', { device: 'tmpfs', fstype: 'tmpfs' })).toThrow(
    /write the character itself: "\/mnt\/my disk"/,
  )
})

test('lines of fstab that are not ours keep their place, spacing and comments', () => {
  const others = '# a comment\n/dev/sda1\t/   ext4\terrors=remount-ro 0 1\n\n  UUID=x  /srv/\xfc  xfs\n'
  const before = `${others}tmpfs   /mnt/x/ tmpfs defaults # ours\n#tmpfs /mnt/x tmpfs\nproc /proc proc`
  const [found] = entriesFor(before, ['/mnt/x'])
  expect(withEntry(before, found?.at, 'new')).toBe(`${others}new\n#tmpfs /mnt/x tmpfs\nproc /proc proc`)
  expect(withEntry(before, undefined, 'new')).toBe(`${before}\nnew\n`)
  expect(entriesFor(`${before}\n/dev/b /mnt//x ext4`, ['/mnt/x']).map((e) => e.at)).toEqual([4, 7])
  expect(withoutSwap('/dev/a none swap sw\n# /dev/b none swap\n/swap /x ext4 swap 0 0\n')).toBe(
    '# /dev/a none swap sw\n# /dev/b none swap\n/swap /x ext4 swap 0 0\n',
  )
})
