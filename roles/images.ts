import { dockerImage, given, pkg, role, type Secret, type SecretSpec } from 'provision'
import { imageFacts, imageSet, imageVars } from './sheets/images.ts'
import { monitoring } from './sheets/monitoring.ts'

/** Container images of the stack: built once, on one host; the others have them over SSH, or from a registry. */
export default role({
  name: 'images',
  vars: imageVars.vars,
  facts: imageFacts,
  shared: { monitoring },
  secrets: ({ registryUser }): Readonly<Record<string, SecretSpec<Secret>>> =>
    registryUser
      ? { registry: given('registry-password', `the password of ${registryUser} at the registry`) }
      : {},
  resources({ vars, shared, secrets, host, hosts }) {
    const set = imageSet(vars, hosts, shared.monitoring.hosts.length > 0)
    // Whoever has the images already gives them to the others: a replaced host never builds its own. Who built them, and
    // so has their base, before whoever was given them.
    const having = hosts.filter((h) => set.all.every(({ tag }) => h.facts.tags.includes(tag)))
    const giver = having.find((h) => h.facts.tags.includes(vars.base)) ?? having[0] ?? hosts[0]
    const isGiver = !giver || giver.name === host.name
    const base = vars.archive
      ? dockerImage(vars.base, { archive: vars.archive })
      : dockerImage(vars.base, { pull: true })
    if (vars.registry) {
      const login =
        vars.registryUser && secrets.registry
          ? { user: vars.registryUser, password: secrets.registry }
          : undefined
      return [
        isGiver && vars.archive !== undefined && base,
        set.all.map(({ tag, build }) =>
          dockerImage(tag, {
            registry: vars.registry?.split('/')[0] ?? '',
            ...(login ? { login } : {}),
            ...(isGiver ? { build } : { after: giver.name }),
          }),
        ),
      ]
    }
    if (!isGiver) return [pkg('zstd'), set.all.map(({ tag }) => dockerImage(tag, { from: giver.name }))]
    return [pkg('zstd'), base, set.all.map(({ tag, build }) => dockerImage(tag, { build }))]
  },
})
