/**
 * What a client through the VIP notices of each fault: the longest time without an acknowledged write, and what was
 * acknowledged and is lost. On the lab, with the whole stack.
 *
 *   npm run bench:failover -- [--times 10] [--only leader-killed,switchover]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cable, freeze, kill, start, untilSsh } from '../src/lab/host.ts'
import { sh } from '../src/shell/sh.ts'
import { Writer } from '../test/lab/client.ts'
import { clusterUp, crash, hostNamed, on, roles, switchover, untilWell } from '../test/lab/cluster.ts'

interface Fault {
  readonly name: string
  readonly goal: string
  /** To make it good again is another fault, with a figure of its own: it is not measured here. */
  readonly endsBeforeMending?: boolean
  /** Does it; gives what makes it good again. */
  act(at: Awaited<ReturnType<typeof roles>>): Promise<() => Promise<void>>
}

const powerCut = async (name: string) => {
  const host = await hostNamed(name)
  await kill(host)
  return async () => {
    await start(host)
    await untilSsh(host)
  }
}
const container = (component: string, name: string) =>
  sh`docker ps -q --filter label=com.docker.swarm.service.name=${`${component}-${name}`}`

const faults: readonly Fault[] = [
  { name: 'leader-killed', goal: '≤ 30 s', act: ({ leader }) => powerCut(leader) },
  {
    name: 'leader-cut',
    goal: '≤ 30 s',
    async act({ leader }) {
      const host = await hostNamed(leader)
      await cable(host, 'down')
      return () => cable(host, 'up')
    },
  },
  {
    name: 'leader-frozen',
    goal: '≤ 30 s',
    async act({ leader }) {
      const host = await hostNamed(leader)
      freeze(host, true)
      return async () => freeze(host, false)
    },
  },
  {
    name: 'postgres-crash',
    goal: '≤ 5 s',
    async act({ leader }) {
      await crash(leader)
      return async () => undefined
    },
  },
  {
    name: 'switchover',
    goal: '≤ 5 s',
    async act({ leader }) {
      await switchover(leader)
      return async () => undefined
    },
  },
  { name: 'vip-holder-killed', goal: '≤ 5 s where it does not lead', act: ({ holder }) => powerCut(holder) },
  {
    name: 'etcd-member-stopped',
    goal: '≤ 5 s',
    async act({ standbys: [name = ''] }) {
      await on(name, sh`docker kill $(${container('etcd', name)})`)
      return async () => undefined
    },
  },
  { name: 'standby-killed', goal: '≤ 5 s', act: ({ standbys: [name = ''] }) => powerCut(name) },
  {
    name: 'swarm-quorum-lost',
    goal: '≤ 5 s',
    endsBeforeMending: true,
    async act({ standbys }) {
      // The daemons of both standbys' hosts die and stay dead; their containers live on. No manager has a quorum then.
      for (const name of standbys)
        await on(name, sh`systemctl mask --runtime -q docker.service docker.socket; kill -9 $(pidof dockerd)`)
      return async () => {
        // A daemon that comes back ends the containers it finds, and starts them when the managers have a quorum again.
        await Promise.all(
          standbys.map((name) =>
            on(
              name,
              sh`systemctl unmask --runtime -q docker.service docker.socket; systemctl reset-failed docker.service docker.socket; systemctl restart docker.socket; systemctl start docker`,
            ),
          ),
        )
      }
    },
  },
]

const { values } = parseArgs({
  options: { times: { type: 'string', default: '10' }, only: { type: 'string' } },
})
const chosen = faults.filter((f) => !values.only || values.only.split(',').includes(f.name))
await clusterUp()
await untilWell()
for (const fault of chosen) {
  const outages: number[] = []
  let lost = 0
  for (let i = 0; i < Number(values.times); i++) {
    const at = await roles()
    const writer = await Writer.start()
    await sleep(1000 + Math.random() * 4000)
    const mend = await fault.act(at)
    await sleep(2000)
    await writer.untilCalm()
    const mended = async () => {
      await mend()
      await untilWell(300)
    }
    if (!fault.endsBeforeMending) await mended()
    const outcome = await writer.stop()
    if (fault.endsBeforeMending) await mended()
    outages.push(outcome.outage)
    lost += outcome.lost.length
    console.log(
      `  ${fault.name} ${i + 1}: ${outcome.outage.toFixed(1)} s, ${outcome.acknowledged} acknowledged, ${outcome.lost.length} lost (leader ${at.leader}, VIP ${at.holder})`,
    )
  }
  outages.sort((a, b) => a - b)
  const median = outages[Math.floor(outages.length / 2)] ?? 0
  console.log(
    `${fault.name.padEnd(22)} median ${median.toFixed(1)} s  worst ${(outages.at(-1) ?? 0).toFixed(1)} s  of ${outages.length}  lost ${lost}  goal ${fault.goal}`,
  )
}
