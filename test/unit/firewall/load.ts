import { evaluate } from '#src/firewall/evaluate.ts'
import type { LoadedHost, Packet, Verdict } from '#src/firewall/packet.ts'
import { parseSave } from '#src/firewall/parse.ts'
import type { Family } from '#src/firewall/rules.ts'
import type { Ruleset } from '#src/firewall/ruleset.ts'

/** A filter table from its rules; chains of users are declared where a rule names them. */
export function filter(rules: string, family: Family = 4, policy = 'ACCEPT'): Ruleset {
  return parseSave(tableText('filter', rules, ['INPUT', 'FORWARD', 'OUTPUT'], policy), family)
}

/** The text of a table, to put several into one ruleset. */
export function tableText(
  table: string,
  rules: string,
  builtin: readonly string[],
  policy = 'ACCEPT',
): string {
  const lines =
    rules.trim() === ''
      ? []
      : rules
          .trim()
          .split('\n')
          .map((line) => line.trim())
  const own = new Set(lines.map((line) => line.split(' ')[1] ?? ''))
  const users = [...own].filter((name) => !builtin.includes(name))
  const declared = [
    ...builtin.map((name) => `:${name} ${name === 'OUTPUT' ? 'ACCEPT' : policy} [0:0]`),
    ...users.map((name) => `:${name} - [0:0]`),
  ]
  return `${[`*${table}`, ...declared, ...lines, 'COMMIT'].join('\n')}\n`
}

/** A host with one address outside and one towards containers. */
export function hostWith(rulesets: readonly Ruleset[], more: Partial<LoadedHost> = {}): LoadedHost {
  return {
    rulesets,
    interfaces: [
      { name: 'lo', addresses: ['127.0.0.1/8', '::1/128'] },
      { name: 'eth0', addresses: ['192.0.2.10/24', '2001:db8::10/64'] },
      { name: 'docker0', addresses: ['172.17.0.1/16'], bridge: true },
    ],
    ...more,
  }
}

/** A new TCP connection from elsewhere, unless told otherwise. */
export function packet(more: Partial<Packet> = {}): Packet {
  const isV6 = more.family === 6
  return {
    family: 4,
    protocol: 'tcp',
    source: isV6 ? '2001:db8:5::7' : '203.0.113.7',
    destination: isV6 ? '2001:db8::10' : '192.0.2.10',
    inInterface: 'eth0',
    ...more,
  }
}

export function verdict(rules: string, more: Partial<Packet> = {}, policy = 'ACCEPT'): Verdict {
  return evaluate(hostWith([filter(rules, more.family ?? 4, policy)]), packet(more))
}
