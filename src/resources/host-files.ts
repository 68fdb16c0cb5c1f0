import { InputError } from '../errors.ts'
import type { Meta, Resources } from '../model/resource.ts'
import type { Secret } from '../secret/secret.ts'
import { command } from './command.ts'
import { directory } from './directory.ts'
import { file } from './file.ts'
import { block } from './text-edit.ts'

/** A udev rule, in force for devices that are there already: `60-disks`. */
export function udevRule(name: string, rule: string, meta: Meta = {}): Resources {
  const written = file(`/etc/udev/rules.d/${name}.rules`, { content: rule, ...meta })
  // Where no udevd runs (a container) there is nothing to tell.
  const run = 'if udevadm control --reload 2>/dev/null; then udevadm trigger --action=change; fi'
  return [written, command(`udev takes ${name}`, { run, on: [written], tags: meta.tags ?? [] })]
}

/** One limit of limits.conf(5); `-` is both soft and hard. */
export interface Limit {
  readonly domain: string
  readonly type: 'soft' | 'hard' | '-'
  readonly item: string
  readonly value: number | 'unlimited'
}

/** A file of limits for logins (limits.d); services have their own, in their units. */
export function limits(name: string, wanted: readonly Limit[], meta: Meta = {}): Resources {
  const content = wanted.map((l) => `${l.domain} ${l.type} ${l.item} ${l.value}\n`).join('')
  return [
    directory('/etc/security/limits.d'),
    file(`/etc/security/limits.d/${name}.conf`, { content, ...meta }),
  ]
}

/** Lines of /etc/hosts, in a block of their own. */
export function hostsFile(
  name: string,
  hosts: readonly { readonly address: string; readonly names: readonly string[] }[],
  meta: Meta = {},
): Resources {
  const wrong = hosts.flatMap((h) => [h.address, ...h.names]).find((word) => !/^[^\s#]+$/.test(word))
  if (wrong !== undefined)
    throw new InputError({ what: `hostsFile[${name}]: ${JSON.stringify(wrong)} is no address or name` })
  const content = hosts.map((h) => `${h.address} ${h.names.join(' ')}\n`).join('')
  return block('/etc/hosts', { name, content, ...meta })
}

/** A drop-in of a systemd unit. Hand the file to `service(…, { restartOn: [dropIn] })`. */
export function dropIn(unit: string, name: string, content: string | Secret, meta: Meta = {}) {
  const folder = `/etc/systemd/system/${unit}.d`
  return { folder: directory(folder), file: file(`${folder}/${name}.conf`, { content, ...meta }) }
}
