import { diffLines } from 'diff'

/** A change of a host's rules, as `provision firewall history` tells it. */
export interface HistoryLine {
  readonly at: string
  readonly who: string
  readonly commit?: string
  readonly playbook?: string
  /** Lines that came and went: `+ -A …`, `- -A …`. */
  readonly diff: readonly string[]
}

/** What became of the rules, as the kernel printed them before and after. */
export function rulesDiff(before: string, after: string): readonly string[] {
  return diffLines(before, after).flatMap(({ added, removed, value }) => {
    if (!added && !removed) return []
    const lines = value.split('\n').filter((line) => line !== '' && !line.startsWith('== '))
    return lines.map((line) => `${added ? '+' : '-'} ${line}`)
  })
}

/** Newest first. */
export function formatHistory(host: string, lines: readonly HistoryLine[]): string {
  if (lines.length === 0) return `${host}: no change of the rules has been noted yet\n`
  const text = lines.toReversed().map(({ at, who, commit, playbook, diff }) => {
    const from = [playbook && `playbook ${playbook}`, commit && `commit ${commit}`].filter(Boolean).join(', ')
    const head = `${at}  ${who}${from ? `  (${from})` : ''}`
    const body = diff.length > 0 ? diff : ['no rule became another']
    return [head, ...body.map((line) => `  ${line}`)].join('\n')
  })
  return `${text.join('\n\n')}\n`
}
