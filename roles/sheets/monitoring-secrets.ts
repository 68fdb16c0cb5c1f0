import { given, InputError, password, type Secret } from 'provision'
import { passwords, tls } from './secrets.ts'

const base = {
  tls,
  pooler: passwords.pooler,
  /** The password of `admin` on the pages of Prometheus and Alertmanager. */
  web: password('monitoring-web'),
  /** Of the account `monitor` in PostgreSQL. */
  monitor: password('pg-monitor'),
}

const hooks = {
  webhook: given('monitoring-webhook', 'the URL that alerts are sent to'),
  deadMan: given('monitoring-deadman', 'the URL of who raises the alarm when it hears nothing'),
}

type Wanted = typeof base & Partial<typeof hooks>

/** Nothing is generated while the monitoring is off, nor a URL that the inventory has in plain text. */
export function monitoringSecrets(vars: {
  readonly hosts: readonly string[]
  readonly webhook?: string
  readonly deadMan?: string
}): typeof base & typeof hooks {
  const wanted: Wanted = {
    ...base,
    ...(vars.webhook === 'secret' ? { webhook: hooks.webhook } : {}),
    ...(vars.deadMan === 'secret' ? { deadMan: hooks.deadMan } : {}),
  }
  // What is left out is read by nobody: the role returns nothing then.
  return (vars.hosts.length > 0 ? wanted : {}) as typeof base & typeof hooks
}

/** Those that the swarm gets for the monitoring alone. */
export function sharesOf(secrets: {
  readonly web: Secret
  readonly monitor: Secret
  readonly webhook?: Secret | undefined
  readonly deadMan?: Secret | undefined
}): readonly Secret[] {
  return [secrets.web, secrets.monitor, ...hookSecrets(secrets)]
}

/** The secret URLs that are in use. Throws InputError for one that is none. */
export function hookSecrets(secrets: {
  readonly webhook?: Secret | undefined
  readonly deadMan?: Secret | undefined
}): readonly Secret[] {
  const used = [secrets.webhook, secrets.deadMan].filter((s) => s !== undefined)
  const wrong = used.find((secret) => !/^https?:\/\//.test(secret.reveal()))
  if (wrong)
    throw new InputError({
      what: `monitoring: the secret ${wrong.name} is no URL`,
      next: `give it on standard input: provision secrets set ${wrong.name}`,
    })
  return used
}
