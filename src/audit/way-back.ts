import { evaluate } from '../firewall/evaluate.ts'
import type { HistoryEntry } from '../firewall/history.ts'
import { digestOf, type RuleTexts } from '../firewall/load.ts'
import { parseSave } from '../firewall/parse.ts'
import { inChain } from '../firewall/render.ts'
import { type Family, familyOf } from '../firewall/rules.ts'
import type { Ruleset } from '../firewall/ruleset.ts'

/** The rules to go back to: those that were confirmed last, where somebody changed them since; else the ones before. */
export function wayBack(
  history: readonly HistoryEntry[],
  confirmed: { readonly digest: string; readonly isLoaded: boolean },
): HistoryEntry | undefined {
  return history.findLast((entry) => (digestOf(entry.texts) === confirmed.digest) !== confirmed.isLoaded)
}

/** A connection as the host sees it. */
export interface Login {
  readonly from: string
  readonly to: string
  readonly port: number
}

/** Would these rules let such a new connection in? What is not certain is a no. */
export function letsIn(texts: RuleTexts, { from, to, port }: Login): boolean {
  const family = familyOf(from)
  const { result } = evaluate(
    { rulesets: [behindInput(texts[family], family)], interfaces: [{ name: 'in', addresses: [to] }] },
    {
      family,
      protocol: 'tcp',
      source: from,
      sourcePort: 50123,
      destination: to,
      destinationPort: port,
      inInterface: 'in',
    },
  )
  return result === 'accept'
}

/** Our chain as INPUT would meet it: the text itself has no jump. */
function behindInput(text: string, family: Family): Ruleset {
  const whole = text
    .replace('*filter\n', '*filter\n:INPUT DROP [0:0]\n')
    .replace('COMMIT\n', `-A INPUT -j ${inChain}\nCOMMIT\n`)
  return parseSave(whole, family)
}
