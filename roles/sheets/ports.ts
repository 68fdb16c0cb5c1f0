/** Who may come: groups of addresses that the inventory fills. */
export type Group = 'peers' | 'clients' | 'admin' | 'monitoring'

/** A line of the port matrix of the stack. */
export interface Port {
  readonly from: readonly Group[]
  readonly protocol: 'tcp' | 'udp' | 'vrrp' | 'ping'
  readonly ports: readonly number[]
  readonly reason: string
}

/** All that listens on a host of the stack. Whatever is not here is closed. */
export const portMatrix: readonly Port[] = [
  { from: ['admin', 'peers'], protocol: 'ping', ports: [], reason: 'ping from admin and peers' },
  { from: ['peers'], protocol: 'udp', ports: [123], reason: 'chrony peers' },
  { from: ['peers'], protocol: 'tcp', ports: [2377, 7946], reason: 'swarm' },
  { from: ['peers'], protocol: 'udp', ports: [7946, 4789], reason: 'swarm gossip and overlay networks' },
  { from: ['peers'], protocol: 'tcp', ports: [2379, 2380], reason: 'etcd clients and members' },
  { from: ['peers'], protocol: 'tcp', ports: [6432], reason: 'HAProxy to PgBouncer' },
  {
    from: ['peers', 'monitoring'],
    protocol: 'tcp',
    ports: [8008],
    reason: "Patroni's REST: who leads, health, metrics",
  },
  {
    from: ['clients', 'peers'],
    protocol: 'tcp',
    ports: [5432, 5433],
    reason: 'PostgreSQL: clients by the VIP, standbys by the node',
  },
  { from: ['peers'], protocol: 'vrrp', ports: [], reason: 'keepalived' },
  {
    from: ['admin', 'peers', 'monitoring'],
    protocol: 'tcp',
    ports: [8404],
    reason: 'statistics of HAProxy',
  },
]
