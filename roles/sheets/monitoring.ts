import { sharedVars, t } from 'provision'

const receiver = '^(secret|https?://\\S+)$'

/** Vars of the role monitoring; the image and what is tidied up follow from them, too. */
export const monitoring = sharedVars(
  'monitoring',
  t.Object({
    hosts: t.Array(t.String(), {
      default: [],
      description:
        'Hosts that run Prometheus and Alertmanager: two, so that one of them can tell that the other is lost. Default: no monitoring at all.',
    }),
    scrapeSeconds: t.Integer({ default: 15, minimum: 5 }),
    retentionDays: t.Integer({ default: 30, minimum: 1 }),
    retentionGb: t.Integer({
      default: 10,
      minimum: 1,
      description: 'What Prometheus may keep on disk, in /var/lib/monitoring; the oldest goes first.',
    }),
    webhook: t.Optional(
      t.String({
        pattern: receiver,
        description:
          "Where alerts are sent, as Alertmanager's webhook. `secret`: its URL has a token in it, and is kept among the secrets: provision secrets set monitoring-webhook.",
      }),
    ),
    deadMan: t.Optional(
      t.String({
        pattern: receiver,
        description:
          'Who raises the alarm when DeadMansSwitch comes no more (every minute). `secret`: provision secrets set monitoring-deadman.',
      }),
    ),
    runbooks: t.String({
      default: 'docs/runbooks/alerts.md',
      description: 'Where docs/runbooks/alerts.md is read: its URL in your copy of the project.',
    }),
  }),
)

/** The services of one host, by the parts of their names: all that `remove` must take away. */
export const monitoringParts = ['pgexporter', 'poolexporter', 'prometheus', 'alertmanager'] as const
