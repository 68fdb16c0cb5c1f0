import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'
import { postgresIdentity } from './postgres-identity.ts'

/** What a host has of PostgreSQL, from its disk and from its own Patroni: it is known without etcd, too. */
export interface PostgresMember {
  /** The number that all copies of one cluster share; undefined where there is no data. */
  readonly systemId: string | undefined
  /** Its Patroni was told never to lead: only an unfinished `provision dr etcd-lost` does that. */
  readonly barred: boolean
  /** `primary` or `replica`; undefined where Patroni does not answer. */
  readonly role: string | undefined
  /** `running`, `stopped`, …; undefined where Patroni does not answer. */
  readonly state: string | undefined
  /** How far its WAL goes; undefined where the server does not run. */
  readonly position: Position | undefined
}

/** A place in the WAL: of two, the one with the higher timeline is ahead, then the one with more bytes. */
export interface Position {
  readonly timeline: number
  /** Bytes, as PostgreSQL counts them from the beginning. */
  readonly bytes: number
}

interface Page {
  readonly role?: string
  readonly state?: string
  readonly timeline?: number
  readonly xlog?: {
    readonly location?: number
    readonly received_location?: number
    readonly replayed_location?: number
  }
}

const isBarred = sh`grep -qs '^  nofailover: true' /etc/provision/postgres/patroni.yml`

/** Was this host's Patroni told never to lead? Only an unfinished `provision dr etcd-lost` does that. */
export const postgresBarred: Fact<boolean> = {
  name: 'postgres-barred',
  probe: {
    script: sh`if ${isBarred}; then echo barred; fi`,
    parse: ({ stdout }) => stdout.trim() === 'barred',
  },
}

/** It costs a question to Patroni: for the procedures that must know, not for every run. */
export const postgresMember: Fact<PostgresMember> = {
  name: 'postgres-member',
  probe: {
    script: sh`echo "id $(${postgresIdentity.probe.script})"; if ${isBarred}; then echo barred; else echo free; fi; a=$(sed -n 's/^  connect_address: \(.*:8008\)$/\1/p' /etc/provision/postgres/patroni.yml 2>/dev/null); if [ -n "$a" ]; then curl -K /etc/provision/tls/curl.conf "https://$a/patroni" 2>/dev/null | tr -d '\n'; fi; :`,
    parse({ stdout }) {
      const [id = '', barred, page = ''] = stdout.trim().split('\n')
      const said = (page === '' ? {} : JSON.parse(page)) as Page
      return {
        systemId: id.replace(/^id */, '') || undefined,
        barred: barred === 'barred',
        role: said.role === 'master' ? 'primary' : said.role,
        state: said.state,
        position: positionIn(said),
      }
    },
  },
}

function positionIn({ state, timeline, xlog }: Page): Position | undefined {
  if (state !== 'running' || xlog === undefined) return undefined
  const bytes = xlog.location ?? Math.max(xlog.received_location ?? 0, xlog.replayed_location ?? 0)
  return timeline === undefined || bytes === 0 ? undefined : { timeline, bytes }
}

/** Below 0 where `a` is ahead of `b`: to sort the most advanced first. */
export function byPosition(a: Position | undefined, b: Position | undefined): number {
  return (b?.timeline ?? 0) - (a?.timeline ?? 0) || (b?.bytes ?? 0) - (a?.bytes ?? 0)
}

/** `timeline 3, 0/5000060`: as PostgreSQL itself writes it. */
export function positionText(position: Position | undefined): string {
  if (!position) return 'position unknown'
  const { timeline, bytes } = position
  const hex = (n: number) => n.toString(16).toUpperCase()
  return `timeline ${timeline}, ${hex(Math.floor(bytes / 2 ** 32))}/${hex(bytes % 2 ** 32)}`
}
