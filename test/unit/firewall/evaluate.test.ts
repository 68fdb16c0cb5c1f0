import { expect, test } from 'vitest'
import { evaluate } from '#src/firewall/evaluate.ts'
import { parseSave } from '#src/firewall/parse.ts'
import { parseSets } from '#src/firewall/sets.ts'
import { filter, hostWith, packet, tableText, verdict } from './load.ts'

const to = (port: number) => ({ destinationPort: port })

test('the policy decides where no rule does, and the verdict says so', () => {
  const dropped = verdict('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', to(80), 'DROP')
  expect(dropped).toMatchObject({ result: 'drop', way: 'input', path: [] })
  expect(dropped.because).toBe('the policy of INPUT (filter) is DROP')
})

test('the path names the jump and the rule that decided', () => {
  const { result, path } = verdict(
    `-A INPUT -s 203.0.113.0/24 -j OURS
     -A OURS -p tcp -m multiport --dports 80,443 -j ACCEPT`,
    to(443),
    'DROP',
  )
  expect(result).toBe('accept')
  expect(path.map(({ chain, position }) => `${chain} ${position}`)).toEqual(['INPUT 1', 'OURS 1'])
})

test('a chain that was left without a verdict is not in the path', () => {
  const { path } = verdict(
    `-A INPUT -j OURS
     -A INPUT -j DROP
     -A OURS -s 10.0.0.0/8 -j ACCEPT`,
    to(22),
  )
  expect(path.map(({ text }) => text)).toEqual(['-A INPUT -j DROP'])
})

test('goto does not come back to the rule after it, jump does', () => {
  const rules = (way: string) => `-A INPUT ${way} OURS
     -A INPUT -j ACCEPT
     -A OURS -s 10.0.0.0/8 -j ACCEPT`
  expect(verdict(rules('-g'), to(22), 'DROP').result).toBe('drop')
  expect(verdict(rules('-j'), to(22), 'DROP').result).toBe('accept')
})

test('an unknown condition makes the verdict unknown, and names its rule', () => {
  const { result, possible, path, because } = verdict(
    '-A INPUT -m time --timestart 10:00:00 -j ACCEPT',
    to(22),
    'DROP',
  )
  expect({ result, possible }).toEqual({ result: 'unknown', possible: ['accept', 'drop'] })
  expect(path.at(-1)?.text).toContain('-m time')
  expect(because).toBe('"time --timestart 10:00:00" is not modelled')
})

test('an unknown condition that leads to the same verdict does not matter', () => {
  const same = `-A INPUT -m time --timestart 10:00:00 -j DROP
     -A INPUT -m time --timestart 11:00:00 -j LOG
     -A INPUT -m time --timestart 12:00:00 -j OURS
     -A OURS -p udp -j ACCEPT`
  expect(verdict(same, to(22), 'DROP')).toMatchObject({ result: 'drop', possible: ['drop'] })
})

test('an unknown condition beside one that does not hold does not matter', () => {
  expect(verdict('-A INPUT -p udp -m time --x -j ACCEPT', to(22), 'DROP').result).toBe('drop')
})

test('a result that is closed either way is unknown, but not possibly open', () => {
  const { result, possible } = verdict('-A INPUT -m bpf --bytecode 1 -j REJECT', to(22), 'DROP')
  expect({ result, possible }).toEqual({ result: 'unknown', possible: ['drop', 'reject'] })
})

test('a target that nobody knows may do anything', () => {
  expect(verdict('-A INPUT -j NFQUEUE --queue-num 1', to(22), 'DROP').possible).toEqual(['accept', 'drop'])
})

test('a port that the packet does not tell makes a rule for a port unknown', () => {
  expect(verdict('-A INPUT -p tcp -m tcp --sport 1024:65535 -j ACCEPT', to(22), 'DROP').result).toBe(
    'unknown',
  )
})

test('under a limit a first packet comes in, and the verdict says that it is limited', () => {
  const rules = '-A INPUT -p tcp -m limit --limit 6/min -j ACCEPT'
  expect(verdict(rules, to(22), 'DROP')).toMatchObject({ result: 'accept', limited: true })
  const hash = '-A INPUT -p tcp -m hashlimit --hashlimit-above 4/min --hashlimit-name ssh -j DROP'
  expect(verdict(hash, to(22))).toMatchObject({ result: 'accept', limited: true })
})

test('a limit on what is logged limits nothing', () => {
  const { result, limited } = verdict('-A INPUT -m limit --limit 6/min -j LOG', to(22), 'DROP')
  expect({ result, limited }).toEqual({ result: 'drop', limited: undefined })
})

test('a published port goes by FORWARD, past all rules of INPUT', () => {
  const docker = parseSave(
    tableText(
      'nat',
      '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    ) +
      tableText(
        'filter',
        '-A INPUT -j DROP\n-A FORWARD -o docker0 -j DOCKER\n-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
        ['INPUT', 'FORWARD', 'OUTPUT'],
        'DROP',
      ),
    4,
  )
  const { result, way, rewritten, path } = evaluate(hostWith([docker]), packet(to(8080)))
  expect({ result, way, rewritten }).toEqual({
    result: 'accept',
    way: 'forward',
    rewritten: { destination: '172.17.0.2', port: 80 },
  })
  expect(path.map(({ table }) => table)).toEqual(['nat', 'nat', 'filter', 'filter'])
  expect(evaluate(hostWith([docker]), packet(to(80))).result).toBe('drop')
})

test('without forwarding nothing is forwarded', () => {
  const host = hostWith([filter('')], { forwarding: { 4: false } })
  const { result, because } = evaluate(host, packet({ destination: '172.17.0.2', ...to(80) }))
  expect({ result, because }).toEqual({
    result: 'drop',
    because: 'the packet is for another host, and this one does not forward',
  })
})

test('both backends have to let a packet in', () => {
  const open = filter('-A INPUT -j ACCEPT')
  const closed = filter('', 4, 'DROP')
  expect(evaluate(hostWith([open, closed]), packet(to(22))).result).toBe('drop')
  expect(evaluate(hostWith([open, open]), packet(to(22))).result).toBe('accept')
})

test('which backend is asked first is not known: where it matters nothing is certain but that it is closed', () => {
  const silent = filter('-A INPUT -p tcp -m tcp --dport 22 -j DROP')
  const polite = filter('-A INPUT -p tcp -m tcp --dport 22:80 -j REJECT --reject-with tcp-reset')
  const { result, possible, because } = evaluate(hostWith([silent, polite]), packet(to(22)))
  expect({ result, possible }).toEqual({ result: 'unknown', possible: ['drop', 'reject'] })
  expect(because).toBe(
    'both backends have rules in INPUT (filter), and which of them come first is not known',
  )
  expect(evaluate(hostWith([silent, polite]), packet(to(80)))).toMatchObject({ result: 'reject' })
  // Only one of the two can rewrite the destination.
  const sentTo = (address: string) =>
    parseSave(
      tableText('nat', `-A PREROUTING -p tcp -j DNAT --to-destination ${address}:80`, ['PREROUTING']) +
        tableText('filter', '-A FORWARD -d 172.17.0.2/32 -j DROP', ['INPUT', 'FORWARD', 'OUTPUT']),
      4,
    )
  const torn = evaluate(hostWith([sentTo('172.17.0.2'), sentTo('172.17.0.3')]), packet(to(8080)))
  expect(torn).toMatchObject({ result: 'unknown', possible: ['accept', 'drop'], way: 'forward' })
  // Nor is another rule asked when the first one sends it where it was going anyway.
  const kept = { destination: '172.17.0.2', ...to(80) }
  const same = evaluate(hostWith([sentTo('172.17.0.2'), sentTo('172.17.0.2')]), packet(kept))
  expect(same).toMatchObject({ result: 'drop', possible: ['drop'] })
  expect(evaluate(hostWith([sentTo('172.17.0.2'), sentTo('172.17.0.3')]), packet(kept))).toMatchObject({
    possible: ['accept', 'drop'],
  })
})

test('rules of the other family are not asked', () => {
  const host = hostWith([filter('', 4, 'DROP'), filter('', 6)])
  expect(evaluate(host, packet({ family: 6, ...to(22) })).result).toBe('accept')
  expect(evaluate(host, packet(to(22))).result).toBe('drop')
})

test('a table of nftables that nobody evaluates makes every verdict unknown', () => {
  const host = hostWith([filter('', 4, 'DROP')], { foreign: ['inet crowdsec'] })
  expect(evaluate(host, packet(to(22)))).toMatchObject({
    result: 'unknown',
    because: 'nftables has a table of its own: inet crowdsec',
  })
})

test('a table that iptables cannot show makes every verdict unknown', () => {
  const hidden = parseSave("# Table `filter' is incompatible, use 'nft' tool.\n", 4)
  expect(evaluate(hostWith([hidden]), packet(to(22)))).toMatchObject({ result: 'unknown' })
})

test('marks are set, combined, and asked for in a later table', () => {
  const marked = parseSave(
    tableText(
      'mangle',
      '-A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x1/0xffffffff\n-A PREROUTING -j MARK --set-xmark 0x4/0x4',
      ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
    ) + tableText('filter', '-A INPUT -m mark --mark 0x5 -j ACCEPT', ['INPUT', 'FORWARD', 'OUTPUT'], 'DROP'),
    4,
  )
  expect(evaluate(hostWith([marked]), packet(to(22))).result).toBe('accept')
  expect(evaluate(hostWith([marked]), packet(to(23))).result).toBe('drop')
})

test('an emptied set lets nobody in, a set that nobody showed is unknown', () => {
  const rules = [filter('-A INPUT -m set --match-set admin src -j ACCEPT', 4, 'DROP')]
  const sets = (text: string) => ({ sets: parseSets(`create admin hash:net family inet\n${text}`) })
  expect(evaluate(hostWith(rules, sets('add admin 203.0.113.0/24\n')), packet(to(22))).result).toBe('accept')
  expect(evaluate(hostWith(rules, sets('')), packet(to(22))).result).toBe('drop')
  expect(evaluate(hostWith(rules), packet(to(22)))).toMatchObject({
    result: 'unknown',
    because: 'the set admin is not known',
  })
})

test('a set that a rule before changes is not trusted', () => {
  const rules = '-A INPUT -j SET --add-set seen src\n-A INPUT -m set --match-set seen src -j ACCEPT'
  const host = hostWith([filter(rules, 4, 'DROP')], { sets: parseSets('create seen hash:ip family inet\n') })
  expect(evaluate(host, packet(to(22))).result).toBe('unknown')
})

test('established packets are let in by the rule for them, new ones are not', () => {
  const rules = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
  expect(verdict(rules, { ...to(22), state: 'ESTABLISHED' }, 'DROP').result).toBe('accept')
  expect(verdict(rules, to(22), 'DROP').result).toBe('drop')
})

test('chains that call each other twice, thirty deep, end in an unknown and not in a day', {
  timeout: 60_000,
}, () => {
  const rules = Array.from({ length: 30 }, (_, n) => `-A C${n} -j C${n + 1}\n-A C${n} -j C${n + 1}`).join(
    '\n',
  )
  const before = process.cpuUsage()
  const { result, because } = verdict(`-A INPUT -j C0\n${rules}\n-A C30 -p udp -j ACCEPT`, to(22))
  expect({ result, because }).toEqual({
    result: 'unknown',
    because: 'the packet would meet more than 1000000 rules',
  })
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(4_000)
})

test('chains that are nested 5,000 deep do not end the process', { timeout: 60_000 }, () => {
  const rules = Array.from({ length: 5_000 }, (_, n) => `-A C${n} -j C${n + 1}`).join('\n')
  expect(verdict(`-A INPUT -j C0\n${rules}\n-A C5000 -j ACCEPT`, to(22)).result).toBe('unknown')
})

test('a packet that cannot be is refused', () => {
  expect(() => verdict('', { source: '2001:db8::1' })).toThrow('"2001:db8::1" is no address of IPv4')
  expect(() => verdict('', { protocol: 'foo' })).toThrow('"foo" is no protocol of a packet')
})
