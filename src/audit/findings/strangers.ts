import { type LoadedRule, rulesIn, rulesOfTable } from '../../firewall/ruleset.ts'
import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'
import { isForeignNatRule } from './exposed.ts'
import { chainOf } from './rules.ts'

/** Rules, tables and managers beside ours. */
export function strangers(place: Place): readonly Finding[] {
  const { name: host, seen } = place
  return [
    ...([4, 6] as const).flatMap((family) =>
      ['INPUT', 'DOCKER-USER'].flatMap((chain) =>
        ownerless(chainOf(seen.own[family], chain)).map((rule) =>
          finding('FW081', { host, subject: `${rule.text}, v${family}`, evidence: [rule.text] }),
        ),
      ),
    ),
    ...otherBackend(place),
    ...seen.foreign.map(({ name, hooks }) =>
      finding('FW035', {
        host,
        subject: `table ${name}`,
        evidence: [`nft list table ${name}: hooks ${hooks.join(', ')}`],
      }),
    ),
    ...managers(place),
    ...foreignNat(place),
    ...emptySets(place),
  ]
}

/** Those before our jump are told by FW011; jumps of a manager by FW033; Docker's own RETURN is no stranger. */
function ownerless(rules: readonly LoadedRule[]): readonly LoadedRule[] {
  const isJump = ({ target }: LoadedRule) => target.kind === 'jump' && target.chain.startsWith('PROVISION-')
  const at = rules.findIndex(isJump)
  return rules
    .slice(at + 1)
    .filter(
      (rule) =>
        !isJump(rule) && !managerOf(rule) && !(rule.target.kind === 'return' && rule.matches.length === 0),
    )
}

/** Chains by which a manager gives itself away. */
const chains: readonly (readonly [RegExp, string])[] = [
  [/^ufw6?-/, 'ufw'],
  [/^f2b-/, 'fail2ban'],
  [/^(INPUT|FORWARD)_(direct|ZONES)/, 'firewalld'],
  [/^KUBE-/, 'kube-proxy'],
]

function managerOf({ target }: LoadedRule): string | undefined {
  if (target.kind !== 'jump' && target.kind !== 'goto') return undefined
  return chains.find(([pattern]) => pattern.test(target.chain))?.[1]
}

function managers({ name: host, seen }: Place): readonly Finding[] {
  const found = new Map<string, string[]>()
  const add = (manager: string, evidence: string) =>
    found.set(manager, [...(found.get(manager) ?? []), evidence])
  if (seen.isUfwOn) add('ufw', '/etc/ufw/ufw.conf: ENABLED=yes')
  for (const unit of ['nftables', 'firewalld', 'netfilter-persistent', 'fail2ban']) {
    const state = seen.units.get(`${unit}.service`)
    if (state?.active === 'active' || state?.enabled === 'enabled')
      add(unit, `${unit}.service: ${state.active}, ${state.enabled}`)
  }
  for (const family of [4, 6] as const)
    for (const chain of ['INPUT', 'FORWARD'])
      for (const rule of chainOf(seen.own[family], chain)) {
        const manager = managerOf(rule)
        if (manager && (found.get(manager) ?? []).length < 4) add(manager, rule.text)
      }
  return [...found].map(([manager, evidence]) => finding('FW033', { host, subject: manager, evidence }))
}

function otherBackend({ name: host, seen }: Place): readonly Finding[] {
  const rules = ([4, 6] as const).flatMap((family) =>
    rulesIn(seen.other[family]).map((rule) => ({ family, rule })),
  )
  if (rules.length === 0) return []
  const evidence = rules.slice(0, 5).map(({ family, rule }) => `v${family} ${rule.table}: ${rule.text}`)
  return [
    finding('FW034', {
      host,
      subject: `rules in ${seen.otherName}`,
      evidence: rules.length > 5 ? [...evidence, `and ${rules.length - 5} more`] : evidence,
    }),
  ]
}

/** Whatever a redirect leads to, the inventory knows nothing of it. */
function foreignNat({ name: host, seen }: Place): readonly Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const nat = seen.own[family].tables.get('nat')
    return (nat ? rulesOfTable(nat) : [])
      .filter((rule) => isForeignNatRule(rule) && rule.chain !== 'OUTPUT')
      .map((rule) =>
        finding('FW073', { host, subject: `${rule.text}, v${family}`, evidence: [`nat: ${rule.text}`] }),
      )
  })
}

/** Sets that rules ask and that have no members. */
function emptySets({ name: host, seen }: Place): readonly Finding[] {
  const asking = new Map<string, LoadedRule[]>()
  for (const rule of [...Object.values(seen.own), ...Object.values(seen.other)].flatMap(rulesIn))
    for (const match of rule.matches)
      if (match.kind === 'set') asking.set(match.name, [...(asking.get(match.name) ?? []), rule])
  return [...asking].flatMap(([name, rules]) => {
    const set = seen.sets.get(name)
    if (!set || set.entries.length > 0) return []
    const evidence = [
      `ipset ${name} (${set.type}): no members`,
      ...rules.slice(0, 4).map((rule) => rule.text),
    ]
    return [finding('FW042', { host, subject: `set ${name}`, evidence })]
  })
}
