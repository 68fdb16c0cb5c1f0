import type { Fact } from '../model/probe.ts'
import { type Script, sh } from '../shell/sh.ts'

/** Succeeds where this host's Patroni was told never to lead. */
export const isBarred: Script = sh`grep -qs '^  nofailover: true' /etc/provision/postgres/patroni.yml`

/** Was this host's Patroni told never to lead? Only an unfinished `provision dr etcd-lost` does that. */
export const postgresBarred: Fact<boolean> = {
  name: 'postgres-barred',
  probe: {
    script: sh`if ${isBarred}; then echo barred; fi`,
    parse: ({ stdout }) => stdout.trim() === 'barred',
  },
}
