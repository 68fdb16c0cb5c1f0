import { command, etcdMemory, precondition, role, sh, t } from 'provision'

const newestScript = sh`ls -1 /var/lib/etcd-snapshots 2>/dev/null | grep '\.db$' | tail -n 1`

/** What is done to etcd by hand: what `provision etcd snapshot` and `provision etcd defrag` run. */
export default role({
  name: 'etcd-care',
  vars: t.Object({
    snapshot: t.Boolean({ default: false, description: '`provision etcd snapshot` sets it for its run.' }),
    defrag: t.Optional(t.String({ description: 'When it was asked for. `provision etcd defrag` sets it.' })),
  }),
  facts: { memory: etcdMemory, newest: newest() },
  resources({ vars, facts, host, hosts }) {
    const from = hosts.find((h) => h.facts.memory === 'known')
    const note = `/run/provision/etcd-defrag-${vars.defrag}`
    return [
      vars.snapshot &&
        host.name === (from ?? hosts[0])?.name && [
          precondition('etcd answers', {
            needs: 'a member with a quorum that knows the cluster',
            found: { holds: from !== undefined, measured: from ? `${from.name} does` : 'none does' },
            next: 'provision status; where etcd is lost: provision dr etcd-lost',
          }),
          command('take a snapshot of etcd, in /var/lib/etcd-snapshots', {
            run: '/usr/local/sbin/provision-etcd snapshot',
            onlyIf: sh`[ "$(${newestScript})" = ${facts.newest} ]`.text,
          }),
        ],
      // A member that does it answers nobody meanwhile: as with a restart, one after the other, the leader last.
      vars.defrag !== undefined &&
        command('give back the room that deleted keys have left', {
          run: sh`/usr/local/sbin/provision-etcd defrag >/dev/null && : >${note}`.text,
          onlyIf: sh`[ ! -e ${note} ]`.text,
          interrupts: ['etcd'],
          risk: ['restart'],
        }),
    ]
  },
})

/** Name of the newest snapshot on the host: another one when one has been made. */
function newest() {
  return {
    name: 'etcd-newest-snapshot',
    probe: {
      script: sh`${newestScript}; :`,
      parse: ({ stdout }: { readonly stdout: string }) => stdout.trim(),
    },
  }
}
