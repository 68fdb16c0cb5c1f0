import { expect, test } from 'vitest'
import { check } from '../../../src/resources/check.ts'
import { sh } from '../../../src/shell/sh.ts'

const page = (url: string) => ({ client: sh`curl`, url })

test('checks that pages tell are judged here, in their order among those that run a script', () => {
  const checks = [
    check('a script', 'true'),
    check('pages', 'never run', {
      pages: {
        gets: [page('a'), page('b')],
        wrong: ([a, b]) => (a === '1' && b === '2' ? undefined : `${a} ${b}`),
      },
    }),
    check('another script', 'false'),
    check('a page', 'never run', {
      pages: { gets: [page('c')], wrong: ([c]) => (c ? undefined : 'silent') },
    }),
  ]
  const kind = checks[0]?.kind
  const probe = kind?.probe(checks.map((c) => c.desired))
  expect(probe?.script.text).not.toContain('never run')
  expect(probe?.gets?.map((get) => get.url)).toEqual(['a', 'b', 'c'])
  const output = { code: 0, stdout: '0 \n1 it is false\n', stderr: '' }
  expect(probe?.parse(output, ['1', '2', undefined])).toEqual([
    { code: 0, said: '' },
    { code: 0, said: '' },
    { code: 1, said: 'it is false' },
    { code: 1, said: 'silent' },
  ])
  expect(probe?.parse(output, ['1', '3', 'x'])).toMatchObject([{}, { code: 1, said: '1 3' }, {}, { code: 0 }])
})
