/** A package that is older than what its source has. */
export interface Upgradable {
  readonly name: string
  /** Undefined: not there yet, and wanted by a newer one (a kernel). */
  readonly from?: string
  readonly to: string
}

/** What is newer, as apt tells it: lines of `apt-get -s upgrade` that begin with `Inst`. Held packages are not among them. */
export function upgradableIn(text: string): readonly Upgradable[] {
  return [...text.matchAll(/^Inst (\S+) (?:\[(\S+)\] )?\((\S+)/gm)].map(([, name = '', from, to = '']) => ({
    name,
    ...(from === undefined ? {} : { from }),
    to,
  }))
}

/** `apt-get -s` of what `apt-get upgrade` would do; new packages come only where a newer one needs them, none is removed. */
export const upgradeFlags = ['--with-new-pkgs', '--no-install-recommends']
