import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { batch, type Part } from '../../../src/engine/frame.ts'
import { sh } from '../../../src/shell/sh.ts'

/** The real shell reads the script from its standard input, as over SSH. */
function runBatch(parts: readonly Part[], shell = 'sh') {
  const { script, read } = batch(parts)
  const { status, stdout, stderr } = spawnSync(shell, ['-s'], {
    input: script.text,
    encoding: 'utf8',
    maxBuffer: 1 << 25,
  })
  return read({ code: status ?? -1, stdout, stderr })
}

for (const shell of ['dash', 'bash']) {
  test(`each part keeps its own output, errors and exit code (${shell})`, () => {
    const answers = runBatch(
      [{ script: sh`echo one; echo bad >&2` }, { script: sh`printf two; false` }, { script: sh`:` }],
      shell,
    )
    expect(answers).toEqual([
      { code: 0, stdout: 'one\n', stderr: 'bad\n' },
      { code: 1, stdout: 'two', stderr: '' },
      { code: 0, stdout: '', stderr: '' },
    ])
  })

  test(`a syntax error in an isolated part stays its own (${shell})`, () => {
    const [broken, next] = runBatch([{ script: sh`if then`, isolated: true }, { script: sh`echo on` }], shell)
    expect(broken?.code).not.toBe(0)
    expect(next).toEqual({ code: 0, stdout: 'on\n', stderr: '' })
  })

  test(`an isolated part may exit, change directory and read nothing from us (${shell})`, () => {
    const [one, two] = runBatch(
      [{ script: sh`cd /; cat; exit 7`, isolated: true }, { script: sh`echo on` }],
      shell,
    )
    expect(one?.code).toBe(7)
    expect(two?.stdout).toBe('on\n')
  })

  test(`two megabytes come back byte for byte (${shell})`, () => {
    const text = 'x'.repeat(99).concat('\n').repeat(20_000)
    const [answer] = runBatch([{ script: sh`printf %s ${text}`, isolated: true }], shell)
    expect(answer?.stdout === text).toBe(true)
  })

  test(`a script cut anywhere on its way runs nothing at all (${shell})`, () => {
    const { script } = batch([{ script: sh`echo RAN` }, { script: sh`echo RAN`, isolated: true }])
    for (let length = 0; length < script.text.length - 3; length += 7) {
      const { stdout } = spawnSync(shell, ['-s'], { input: script.text.slice(0, length), encoding: 'utf8' })
      expect(stdout).toBe('')
    }
  })
}

test('the next part can see how the one before ended', () => {
  const [, after] = runBatch([{ script: sh`exit 3`, isolated: true }, { script: sh`echo "$code"` }])
  expect(after?.stdout).toBe('3\n')
})
