import { sharedVars, t } from 'provision'

/** What all parts of the database cluster must agree on. */
export default sharedVars(
  'cluster',
  t.Object({
    scope: t.String({
      default: 'postgres-cluster',
      pattern: '^[a-z][a-z0-9-]*$',
      description: "Patroni's name of the cluster; part of every key in etcd.",
    }),
    vip: t.String({
      format: 'ipv4',
      description: 'The address that clients use. It moves between the hosts; nothing else may have it.',
    }),
    kind: t.Union([t.Literal('coordinator'), t.Literal('worker')], {
      default: 'coordinator',
      description:
        'coordinator: a commit waits for one standby, nothing acknowledged is lost. worker: asynchronous.',
    }),
    voters: t.Optional(
      t.Array(t.String(), {
        minItems: 1,
        description:
          'Hosts that have a vote in etcd, an odd number of them. The others are standbys only. Default: all.',
      }),
    ),
    strict: t.Boolean({
      default: false,
      description: 'Rather stop writing than go on when both standbys are gone.',
    }),
  }),
)
