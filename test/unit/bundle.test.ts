import { expect, test } from 'vitest'
import { bundle } from '../../src/engine/bundle.ts'
import { sh } from '../../src/shell/sh.ts'

const engine = sh`curl --unix-socket /run/docker.sock`
const other = sh`curl -K other.conf`
const said = (stdout: string) => ({ code: 0, stdout, stderr: '' })

test('a page that two probes need is asked for once, and each server by one process', () => {
  const { parts, read } = bundle([
    {
      script: sh`echo a`,
      gets: [
        { client: engine, url: 'http://docker/info' },
        { client: engine, url: 'http://docker/nodes' },
      ],
    },
    { script: sh`echo b` },
    {
      script: sh`echo c`,
      gets: [
        { client: engine, url: 'http://docker/nodes' },
        { client: other, url: 'https://h1/config' },
      ],
    },
  ])
  expect(parts).toHaveLength(5)
  expect(parts[0]?.script.text.match(/http:\/\/docker\S*/g)).toEqual([
    'http://docker/info',
    'http://docker/nodes',
  ])
  const answers = read([
    // The Engine ends a body with a newline; Patroni does not.
    said('{"Name":"h1"}\n\n200\n[{"ID":"x"}]\n\n200\n'),
    said('{"ttl":20}\n200\n'),
    said('a'),
    said('b'),
    said('c'),
  ])
  expect(answers.map((a) => a.output?.stdout)).toEqual(['a', 'b', 'c'])
  expect(answers.map((a) => a.bodies)).toEqual([
    ['{"Name":"h1"}', '[{"ID":"x"}]'],
    [],
    ['[{"ID":"x"}]', '{"ttl":20}'],
  ])
})

test('an error, silence and a page that was never asked for are no body', () => {
  const urls = ['a', 'b', 'c', 'd'].map((name) => ({ client: engine, url: `http://docker/${name}` }))
  const { read } = bundle([{ script: sh`:`, gets: urls }])
  const [answer] = read([said('{"message":"no manager"}\n\n503\n{}\n\n200\n\n000\n'), said('')])
  expect(answer?.bodies).toEqual([undefined, '{}', undefined, undefined])
})
