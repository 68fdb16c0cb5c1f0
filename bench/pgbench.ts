/**
 * pgbench on the lab: through the VIP and straight to the primary, with and without waiting for a standby.
 *
 *   npm run bench:pgbench -- [--seconds 20] [--clients 8]
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Script, sh } from '../src/shell/sh.ts'
import { readVault } from '../src/vault/store.ts'
import { place, vip } from '../test/lab/client.ts'
import { clusterUp, hostNamed, on, roles } from '../test/lab/cluster.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, clients: { type: 'string', default: '8' } },
})
const database = 'claude_flow_shared'
await clusterUp()
const { leader, standbys } = await roles()
const [from = leader] = standbys
const password = (await readVault(place))['db-shared_app'] ?? ''
const { address } = await hostNamed(leader)

/** In a standby's container, as a client elsewhere would be; the password over standard input. */
function client(command: Script): Script {
  const inside = sh`IFS= read -r PGPASSWORD; export PGPASSWORD PGUSER=shared_app PGSSLMODE=verify-full PGSSLROOTCERT=/run/provision/tls/ca.crt; ${command}`
  return sh`printf '%s\n' ${password} | docker exec -i $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${from}`}) sh -c ${inside.text} 2>&1`
}

async function measure(host: string, script: 'tpcb-like' | 'select-only'): Promise<string> {
  const text = await on(
    from,
    client(
      sh`pgbench -h ${host} -p 5432 -n -M prepared -b ${script} -c ${values.clients} -j 2 -T ${values.seconds} -P 600 --log --log-prefix=/run/provision/pgbench ${database} | grep -E '^(tps|latency average)' ; cat /run/provision/pgbench.* | awk '{print $3}' | sort -n | awk '{v[NR]=$1} END {printf "p50 %.1f p95 %.1f p99 %.1f ms\n", v[int(NR*0.5)]/1000, v[int(NR*0.95)]/1000, v[int(NR*0.99)]/1000}'; rm -f /run/provision/pgbench.*`,
    ),
  )
  const tps = /tps = ([\d.]+)/.exec(text)?.[1] ?? text
  return `${Math.round(Number(tps)) || tps} TPS, ${/p50.*/.exec(text)?.[0] ?? ''}`
}

await on(from, client(sh`pgbench -h ${vip} -p 5432 -i -q -s 5 ${database} >/dev/null`))
console.log(
  `three hosts on one machine with ${cpus().length} × ${cpus()[0]?.model}; ${values.clients} clients, ${values.seconds} s each`,
)
for (const [name, set] of [
  ['synchronous (one standby)', 'RESET'],
  ['asynchronous', 'SET'],
] as const) {
  const change =
    set === 'SET'
      ? `ALTER DATABASE ${database} SET synchronous_commit = local`
      : `ALTER DATABASE ${database} RESET synchronous_commit`
  await on(
    leader,
    sh`docker exec $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${leader}`}) psql-leader -d postgres -c ${change}`,
  )
  // Connections of the pool keep the setting that they began with.
  for (const host of ['h1', 'h2', 'h3'])
    await on(
      host,
      sh`docker ps -q --filter ${`label=com.docker.swarm.service.name=pgbouncer-${host}`} | xargs -r docker restart >/dev/null`,
    )
  console.log(`writes, ${name}, through the VIP:      ${await measure(vip, 'tpcb-like')}`)
  console.log(`writes, ${name}, straight to primary:  ${await measure(address, 'tpcb-like')}`)
}
console.log(`reads, through the VIP (5432):           ${await measure(vip, 'select-only')}`)
console.log(`reads, straight to primary:              ${await measure(address, 'select-only')}`)
await on(
  leader,
  sh`docker exec $(docker ps -q --filter ${`label=com.docker.swarm.service.name=postgres-${leader}`}) psql-leader -d postgres -c ${`ALTER DATABASE ${database} RESET synchronous_commit`}`,
)
