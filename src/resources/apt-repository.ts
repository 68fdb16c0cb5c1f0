import type { Meta, Resource } from '../model/resource.ts'
import { file } from './file.ts'

/** An apt repository: a deb822 source and the keyring that signs it, two files. Packages after it see it: `pkg` updates its lists. */
export function aptRepository(
  name: string,
  options: Meta & {
    readonly uri: string
    readonly suite: string
    readonly components: readonly string[]
    /** Armored public key; it alone may sign this repository. */
    readonly key: string
    readonly architectures?: readonly string[]
  },
): readonly Resource[] {
  const { uri, suite, components, key, architectures, ...meta } = options
  const keyring = `/etc/apt/keyrings/${name}.asc`
  const fields = [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suite}`,
    `Components: ${components.join(' ')}`,
    ...(architectures ? [`Architectures: ${architectures.join(' ')}`] : []),
    `Signed-By: ${keyring}`,
  ]
  return [
    file(keyring, { ...meta, content: key }),
    file(`/etc/apt/sources.list.d/${name}.sources`, { ...meta, content: `${fields.join('\n')}\n` }),
  ]
}
