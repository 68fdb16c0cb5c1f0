import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, type Script, sh } from '../shell/sh.ts'
import { type Account, accountFiles, accountsIn } from './accounts.ts'
import { probeTexts, type Reads, type Texts } from './read-texts.ts'

interface Wanted extends Reads {
  readonly name: string
  readonly absent: boolean
  readonly uid?: number | undefined
  readonly group?: string | undefined
  /** Further groups; others that the user is in are left alone. */
  readonly groups: readonly string[]
  readonly shell: string
  readonly home?: string | undefined
  readonly system: boolean
}

export type UserOptions = Meta &
  Partial<Omit<Wanted, 'name' | 'absent' | 'reads'>> & { readonly ensure?: 'present' | 'absent' }

/** A user of the host. No password is set: one logs in by key. Taking a user away leaves the home folder. */
export function user(name: string, options: UserOptions = {}): Resource<Wanted, Texts> {
  const { uid, group, groups = [], shell = '/bin/bash', home, system = false } = options
  const wanted = {
    reads: accountFiles,
    name,
    absent: options.ensure === 'absent',
    uid,
    group,
    groups,
    shell,
    home,
    system,
  }
  return resource(kind, name, wanted, options)
}

const kind: Kind<Wanted, Texts> = {
  name: 'user',
  probe: probeTexts,
  plan(wanted, texts) {
    const found = accountsIn(texts).users.get(wanted.name)
    if (wanted.absent) return found ? [{ attribute: 'user', from: 'present', to: 'absent' }] : []
    if (!found) return [{ attribute: 'user', from: 'absent', to: 'present' }]
    const changes: Change[] = []
    for (const key of ['uid', 'group', 'shell', 'home'] as const)
      if (wanted[key] !== undefined && wanted[key] !== found[key])
        changes.push({ attribute: key, from: found[key], to: wanted[key] })
    const missing = wanted.groups.filter((g) => g !== found.group && !found.groups.includes(g))
    if (missing.length > 0)
      changes.push({ attribute: 'groups', from: found.groups.join(','), to: `+${missing.join(',')}` })
    return changes
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      ...planned.map((p) => step(p.desired, accountsIn(p.actual).users.get(p.desired.name))),
    ]),
}

function step(wanted: Wanted, found: Account | undefined): Script {
  if (wanted.absent) return sh`userdel -- ${wanted.name}`
  const flags = [
    ...(wanted.uid === undefined ? [] : ['--uid', wanted.uid]),
    ...(wanted.group === undefined ? [] : ['--gid', wanted.group]),
    ...(wanted.home === undefined
      ? []
      : found
        ? ['--home', wanted.home, '--move-home']
        : ['--home-dir', wanted.home]),
    '--shell',
    wanted.shell,
    ...(wanted.groups.length === 0 ? [] : ['--groups', wanted.groups.join(',')]),
  ]
  if (found) return sh`usermod ${wanted.groups.length > 0 ? ['--append'] : []} ${flags} -- ${wanted.name}`
  const made = wanted.system ? ['--system'] : ['--create-home']
  return sh`useradd ${made} ${flags} -- ${wanted.name}`
}
