import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/secret/secret.ts'
import { quote, sh } from '../../../src/shell/sh.ts'

test.each(['', 'plain', "it's", '$HOME `id` "x"', 'a\nb', '\\n', '-rf', 'ünï', '*', ';&|<>()'])(
  'a quoted word reaches the program as it is: %j',
  (word) => {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${quote(word)}`], { encoding: 'utf8' })
    expect(stdout).toBe(word)
  },
)

test('a word with a NUL byte is refused', () => {
  expect(() => quote('a\0b')).toThrow(/NUL/)
})

test('template text is raw, so that shell reads as in a shell', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is shell
  expect(sh`printf '%s\n' "\${x}" \`id\``.text).toBe('printf \'%s\\n\' "${x}" `id`')
})

test('a list becomes quoted words and a script is inserted as it is', () => {
  expect(sh`ls ${['a b', 'c']} && ${sh`echo ${1}`}`.text).toBe("ls 'a b' c && echo 1")
})

test('a secret is on the wire but never in what is shown', () => {
  const secret = new Secret('db/password', "it's hidden")
  const script = sh`login ${secret}`
  expect(script.text).toBe("login 'it'\\''s hidden'")
  expect(script.shown).toBe('login ‹secret db/password›')
  expect(inspect({ secret })).not.toContain('hidden')
})
