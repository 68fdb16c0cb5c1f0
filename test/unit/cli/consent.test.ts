import { Command } from 'commander'
import { expect, test } from 'vitest'
import { approval } from '../../../src/cli/approve.ts'
import { askedAbout, type Consent, consentOf, covers, wordsFor } from '../../../src/cli/consent.ts'
import { runFlags } from '../../../src/cli/options.ts'
import { InputError, RefusedError } from '../../../src/errors.ts'
import type { HostPlan } from '../../../src/model/event.ts'
import type { Risk } from '../../../src/model/kind.ts'

/** What a command with the flags of a run makes of its words. */
function parsed(...words: string[]): { readonly yes: Consent | undefined; readonly args: readonly string[] } {
  const program = new Command('provision').enablePositionalOptions().exitOverride()
  let seen: ReturnType<typeof parsed> = { yes: undefined, args: [] }
  const act = (args: string[], flags: { yes?: Consent }) => {
    seen = { yes: flags.yes, args }
  }
  runFlags(program).action(() => undefined)
  runFlags(program.command('reboot [hosts...]')).action(act)
  program.parse(['node', 'provision', ...words])
  return seen
}

test.each<readonly [readonly string[], Consent | undefined, readonly string[]]>([
  [['reboot', 'all'], undefined, ['all']],
  [['reboot', '--yes', 'all'], 'all', ['all']],
  [['reboot', '-y', 'h1', 'h2'], 'all', ['h1', 'h2']],
  [['reboot', '-yv', 'h1'], 'all', ['h1']],
  [['reboot', '-vy', 'h1'], 'all', ['h1']],
  [['reboot', 'h1', '--yes'], 'all', ['h1']],
  [['reboot', '--yes=reboot,quorum', 'all'], ['reboot', 'quorum'], ['all']],
  [['reboot', '--yes=ssh', '--yes=data', 'h1'], ['ssh', 'data'], ['h1']],
  [['reboot', '--yes=ssh', '--yes', 'h1'], 'all', ['h1']],
  [['reboot', '--yes=all', 'h1'], 'all', ['h1']],
  [['reboot', '--', '--yes=ssh'], undefined, ['--yes=ssh']],
])('%j', (words, yes, args) => {
  expect(parsed(...words)).toEqual({ yes, args })
})

test.each([
  ['rebot', /there is no risk rebot\n.*did you mean reboot\?/],
  ['', /a word is missing/],
  ['ssh,', /a word is missing/],
  ['true', /there is no risk true/],
])('--yes=%s is bad input', (words, message) => {
  expect(() => parsed('reboot', `--yes=${words}`, 'h1')).toThrow(InputError)
  expect(() => consentOf(words)).toThrow(message)
})

function plan(...risks: readonly Risk[]): HostPlan {
  const step = {
    id: 'command[x]',
    role: 'r',
    play: 'p',
    changes: [],
    risks,
    triggeredBy: [],
    verifies: false,
    wish: '',
    selected: true,
  }
  return { host: 'h1', steps: [step], resources: 1, orphans: [] }
}

const approve = (consent: Consent | undefined) =>
  approval({ consent, isLive: false, isTerminal: false, show: () => undefined })

/** All sets of some risks. */
function subsets<T>(list: readonly T[]): readonly (readonly T[])[] {
  const [first, ...rest] = list
  if (first === undefined) return [[]]
  return subsets(rest).flatMap((set) => [set, [first, ...set]])
}

test('a law: without a terminal a plan is carried out exactly where all that it touches was said, and the words that are told suffice', async () => {
  for (const risks of subsets(askedAbout))
    for (const said of [undefined, 'all' as const, ...subsets(askedAbout)]) {
      const consent = said?.length === 0 ? undefined : said
      const plans = [plan('restart', ...risks)]
      const isSaid = risks.every((risk) => covers(consent, risk))
      const answer = await approve(consent)(plans, 'plan').catch((error: Error) => error)
      if (isSaid) expect(answer).toBe(true)
      else {
        expect(answer).toBeInstanceOf(InputError)
        const { message } = answer as InputError
        expect(message).toContain('nothing was changed')
        const words = /--yes=(\S+)/.exec(message)?.[1]
        expect(await approve(consentOf(words))(plans, 'plan')).toBe(true)
      }
    }
})

test('a restart is everyday work; what --limit leaves alone is not asked about', async () => {
  expect(await approve(undefined)([plan('restart')], 'plan')).toBe(true)
  const left = plan('data')
  const unselected = { ...left, steps: left.steps.map((s) => ({ ...s, selected: false })) }
  expect(await approve(undefined)([unselected], 'plan')).toBe(true)
})

test('the words are exact, in one order, and keep what was said already', () => {
  expect(wordsFor(['quorum', 'reboot'], undefined)).toBe('--yes=reboot,quorum')
  expect(wordsFor(['data'], ['ssh'])).toBe('--yes=ssh,data')
})

test('what turns up in the middle of a run is refused without a terminal, and no bad input', async () => {
  const error = await approve(['ssh'])([plan('data')], 'late').catch((e: Error) => e)
  expect(error).toBeInstanceOf(RefusedError)
  expect((error as Error).message).toMatch(
    /was not begun[\s\S]*h1 {2}command\[x\] {2}\[data\][\s\S]*--yes=ssh,data/,
  )
})
