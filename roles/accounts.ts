import { patroniParameters, role, t } from 'provision'
import { accounts } from './sheets/accounts.ts'
import { passwords } from './sheets/secrets.ts'

/**
 * New passwords of the cluster's own accounts, before the services that log in with them are restarted. Where there is
 * no cluster yet, the role pooler sees to them when there is one.
 */
export default role({
  name: 'accounts',
  vars: t.Object({}),
  facts: { current: patroniParameters },
  secrets: passwords,
  resources: ({ facts, secrets, host }) => facts.current && accounts(`postgres-${host.name}`, secrets),
})
