import { bootWanted, pkgUpgrade, precondition, reboot, role, t, upgradable } from 'provision'
import { everything, mustKnow } from './sheets/members.ts'

/** Packages whose upgrade restarts every container of the host, or makes a boot due. */
const heavy = /^(docker\.io|docker-ce|containerd|containerd\.io|runc|linux-image-.*)$/

/** Packages of the distribution made new, host after host: what `provision upgrade` runs first. */
export default role({
  name: 'upgrade',
  vars: t.Object({
    hosts: t.Array(t.String(), { default: [], description: '`provision upgrade` sets it for its run.' }),
    reboot: t.Boolean({ default: false, description: 'Boot a host that wants it, in its turn.' }),
  }),
  facts: { upgradable },
  resources({ vars, facts, host, hosts }) {
    mustKnow(hosts, vars.hosts)
    if (!vars.hosts.includes(host.name)) return []
    const { packages, error } = facts.upgradable
    // Whether a boot follows is known only afterwards: with --reboot the host steps back before its packages change.
    const interrupts =
      vars.reboot || packages.some(({ name }) => heavy.test(name)) ? everything : interruptedBy(packages)
    return [
      precondition('package lists', {
        needs: 'lists of packages that can be fetched',
        found: { holds: error === undefined, measured: error ?? 'fetched' },
        next: 'mend its sources or the way to them (apt-get update, on the host)',
      }),
      packages.length > 0 && pkgUpgrade('distribution', packages, { interrupts }),
      vars.reboot && reboot('after the upgrade', { when: `(${bootWanted})`, interrupts: everything }),
    ]
  },
})

/** keepalived lets go of the address while it is restarted: on one host after the other. */
function interruptedBy(packages: readonly { readonly name: string }[]): readonly string[] {
  return packages.some(({ name }) => name === 'keepalived') ? ['proxy'] : []
}
