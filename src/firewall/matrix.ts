/** Who may come: groups of addresses that the inventory fills. */
export type Group = 'peers' | 'clients' | 'admin' | 'monitoring'

/** What a role's service listens on, and for whom: a line of the port matrix, declared beside the service. */
export interface Port {
  readonly from: readonly Group[]
  readonly protocol: 'tcp' | 'udp' | 'vrrp' | 'ping'
  readonly ports: readonly number[]
  readonly reason: string
}
