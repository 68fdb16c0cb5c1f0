import { dockerImage, dockerTags, pkg, role } from 'provision'
import { imageSet, imageVars } from './sheets/images.ts'

/** Container images of the stack: built once, on one host, then carried to the others over SSH. */
export default role({
  name: 'images',
  vars: imageVars.vars,
  facts: { tags: dockerTags },
  resources({ vars, host, hosts }) {
    const set = imageSet(vars)
    // Whoever has the images already gives them to the others: a replaced host never builds its own.
    const giver = hosts.find((h) => set.all.every(({ tag }) => h.facts.tags.includes(tag))) ?? hosts[0]
    if (giver && giver.name !== host.name)
      return [pkg('zstd'), set.all.map(({ tag }) => dockerImage(tag, { from: giver.name }))]
    const base = vars.archive
      ? dockerImage(vars.base, { archive: vars.archive })
      : dockerImage(vars.base, { pull: true })
    return [pkg('zstd'), base, set.all.map(({ tag, build }) => dockerImage(tag, { build }))]
  },
})
