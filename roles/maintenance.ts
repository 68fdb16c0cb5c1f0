import { patroniPause, role, t } from 'provision'
import { patroniOf } from './sheets/members.ts'

/** Patroni looks on and does nothing while somebody works on the cluster by hand: what `provision maintenance` runs. */
export default role({
  name: 'maintenance',
  vars: t.Object({
    on: t.Boolean({ default: false, description: '`provision maintenance` sets it for its run.' }),
  }),
  resources: ({ vars, host }) => patroniPause(vars.on, patroniOf(host)),
})
