import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare, diffRules } from '#src/firewall/compare.ts'
import { meaningOf } from '#src/firewall/meaning.ts'
import { parseSave } from '#src/firewall/parse.ts'
import { forwardChain, inChain, type Policy, render } from '#src/firewall/render.ts'
import type { Family } from '#src/firewall/rules.ts'
import type { Ruleset } from '#src/firewall/ruleset.ts'
import { sets } from './pools.ts'
import { prepare } from './prepare.ts'
import { Random } from './random.ts'
import { rulesetOf } from './rulesets.ts'
import { Wire } from './wire.ts'

const missing = prepare()
const seed = Number(process.env.KERNEL_SEED ?? 1)

/** A line of each kind that the firewall role can write. */
const policy: Policy = {
  flows: [
    { from: ['10.66.0.0/24', 'fd66::/64'], protocol: 'tcp', ports: [22], reason: 'ssh from "admin"' },
    {
      from: ['10.66.0.2', 'fd66::2'],
      protocol: 'tcp',
      ports: [2379, 2380, '9000:9100'],
      reason: "it's etcd",
    },
    { from: ['any'], protocol: 'udp', ports: [123], reason: 'time' },
    { from: ['10.66.0.3', 'fd66::3'], protocol: 'vrrp', reason: 'keepalived' },
    { from: ['any'], protocol: 'ping', reason: 'ping' },
  ],
  published: [{ from: ['10.66.0.2', 'fd66::2'], protocol: 'tcp', ports: [8080], reason: 'web' }],
  external: ['h0'],
}

describe.skipIf(missing !== undefined)(
  `what is loaded and read again means what was written (${missing ?? `seed ${seed}`})`,
  () => {
    let wire: Wire

    beforeAll(async () => {
      wire = await Wire.open()
      await wire.send({ loads: [[['ipset', 'restore'], sets]], packets: [] })
    }, 30_000)

    afterAll(() => wire?.close())

    const cases = ([4, 6] as const).flatMap((family) =>
      (['nft', 'legacy'] as const).map((backend) => ({ family, backend })),
    )

    test.each(cases)('the rules of the role, IPv$family, $backend', async ({ family, backend }) => {
      const jumps = [
        `:${inChain} - [0:0]\n-A INPUT -j ${inChain}`,
        `:DOCKER-USER - [0:0]\n-A DOCKER-USER -j ${forwardChain}`,
      ]
      const whole = render(policy, family).replace('COMMIT', `${jumps[1]}\nCOMMIT`)
      const text = whole.replace(/(:DOCKER-USER)/, `${jumps[0]?.split('\n')[1]}\n$1`)
      const saved = await reload(wire, family, backend, text)
      const wanted = parseSave(render(policy, family), family)
      expect(compare(saved, wanted)).toEqual([])
      expect(diffRules(saved, wanted)).toBe('')
    })

    test('random rules, in both families and backends', { timeout: 60_000 }, async () => {
      for (let n = 0; n < 40; n += 1) {
        const { family, backend } = cases[n % 4] ?? { family: 4, backend: 'nft' }
        const text = rulesetOf(new Random(seed + n), family)
        const saved = await reload(wire, family, backend, text)
        expect(meaningsOf(saved), `seed ${seed + n}`).toEqual(meaningsOf(parseSave(text, family)))
      }
    })
  },
)

async function reload(wire: Wire, family: Family, backend: string, text: string): Promise<Ruleset> {
  const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`
  const { error, saved } = await wire.send({
    loads: [[[`${tool}-restore`], text]],
    saves: [[`${tool}-save`, '-c']],
    packets: [],
  })
  expect(error).toBeNull()
  return parseSave(saved[0] ?? '', family)
}

/** By chain, since the kernel sorts those. */
function meaningsOf(ruleset: Ruleset): Readonly<Record<string, readonly string[]>> {
  const chains = [...ruleset.tables.values()].flatMap((table) =>
    [...table.chains.values()].map(
      (chain) => [`${table.name} ${chain.name}`, chain.rules.map(meaningOf)] as const,
    ),
  )
  return Object.fromEntries(chains.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
