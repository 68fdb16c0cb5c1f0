import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { sh } from '../shell/sh.ts'

/** The name that the host gives itself, now and after a boot. */
export function hostname(name: string, options: Meta = {}): Resource<string, string> {
  return resource(hostnameKind, name, name, options)
}

const hostnameKind: Kind<string, string> = {
  name: 'hostname',
  // The running name and the one for the next boot; both must hold.
  probe: (names) => ({
    script: sh`read -r n </etc/hostname || :; echo "$(uname -n) $n"`,
    parse: ({ stdout }) => names.map(() => stdout.trim()),
  }),
  plan: (name, live) => (live === `${name} ${name}` ? [] : [{ attribute: 'name', from: live, to: name }]),
  apply: (planned) => sh`hostnamectl set-hostname -- ${planned.map((p) => p.desired)}`,
}

/** The time zone, by its name in the zone database: `Etc/UTC`. */
export function timezone(zone: string, options: Meta = {}): Resource<string, string> {
  return resource(timezoneKind, zone, zone, options)
}

const timezoneKind: Kind<string, string> = {
  name: 'timezone',
  probe: (zones) => ({
    script: sh`readlink /etc/localtime || :`,
    parse: ({ stdout }) => zones.map(() => stdout.trim().replace(/^.*zoneinfo\//, '') || 'absent'),
  }),
  plan: (zone, live) => (live === zone ? [] : [{ attribute: 'zone', from: live, to: zone }]),
  apply: (planned) =>
    sh`for z in ${planned.map((p) => p.desired)}; do [ -e /usr/share/zoneinfo/"$z" ] || { echo "no time zone $z; is tzdata installed?" >&2; exit 1; }; ln -sfn /usr/share/zoneinfo/"$z" /etc/localtime; echo "$z" >/etc/timezone; done`,
}
