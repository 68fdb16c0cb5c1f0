/** Who may come: groups of addresses that the inventory fills. */
export type Group = 'peers' | 'clients' | 'admin' | 'monitoring'

/** What a role's service listens on, and for whom: a line of the port matrix, declared beside the service. */
export interface Port {
  readonly from: readonly Group[]
  readonly protocol: 'tcp' | 'udp' | 'vrrp' | 'ping'
  readonly ports: readonly number[]
  readonly reason: string
  readonly control?: Control
}

/**
 * A port that takes orders, not only questions: who may give them must show a certificate. How the audit finds out whether
 * it does: a request that changes nothing even where it is taken, and the HTTP status by which it shows that it was.
 */
export interface Control {
  readonly port: number
  readonly method: 'POST' | 'PATCH'
  readonly path: string
  readonly body: string
  readonly taken: number
}
