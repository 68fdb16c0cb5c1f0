import type { Consent } from './consent.ts'

/** The command line's flags, as commander gives them. */
export interface RunFlags {
  readonly inventory: string
  readonly limit?: string
  readonly tags?: readonly string[]
  /** First and last phase that may be changed. */
  readonly from?: string
  readonly until?: string
  readonly set?: readonly string[]
  readonly forks: string
  readonly check?: boolean
  readonly diff?: boolean
  readonly prune?: boolean
  /** What is agreed to beforehand. */
  readonly yes?: Consent
  readonly output: string
  readonly verbose?: boolean
  readonly acceptNewHostKeys?: boolean
  readonly detailedExitcode?: boolean
  /** A host of the inventory that the run leaves out. No flag: `provision remove` says it. */
  readonly without?: string
  /** Where `plan` saves what it found. */
  readonly out?: string
}

/** Flags of `provision add` and `provision replace`. */
export interface NewcomerFlags extends RunFlags {
  /** Fingerprint of the new machine's host key. */
  readonly hostKey?: string
  /** Delete what its disks hold of another cluster. */
  readonly wipe?: boolean
  /** The host's name, typed beforehand, where there is no terminal to ask on. */
  readonly confirm?: string
  /** Of replace: take the old machine out in order first. */
  readonly decommission?: boolean
}

/** Flags of `provision remove`. */
export interface RemoveFlags extends RunFlags {
  /** The machine is gone, and does not come back. */
  readonly dead?: boolean
}

/** Flags of `provision upgrade`. */
export interface UpgradeFlags extends RunFlags {
  /** Boot hosts that want it. */
  readonly reboot?: boolean
}

/** Flags of commands that look at the cluster. */
export interface ClusterFlags {
  readonly inventory: string
  readonly forks: string
  readonly output: string
  readonly watch?: boolean
}

export interface PsqlFlags extends ClusterFlags {
  readonly command?: string
  readonly read?: boolean
}

/** Flags of `provision backup` and `provision drill`. */
export interface BackupFlags extends ClusterFlags {
  readonly type?: string
}

/** Flags of `provision restore`. */
export interface RestoreFlags extends RunFlags {
  /** Up to where: latest, a time with its zone, an LSN, the name of a restore point. */
  readonly to: string
  readonly on?: string
  readonly drop?: boolean
  /** In the place of the cluster, not beside it. */
  readonly cluster?: boolean
  /** The cluster's name, typed beforehand, where there is no terminal to ask on. */
  readonly confirm?: string
}

/** Flags of `provision audit`. */
export interface AuditFlags {
  readonly inventory: string
  readonly forks: string
  readonly limit?: string
  readonly probe?: boolean
  readonly output: string
  readonly out?: string
  readonly failOn: string
  readonly baseline?: string
  readonly diff?: boolean
  /** Where the role firewall stands. */
  readonly playbook: string
  /** Log in as this user, who may only read. */
  readonly user?: string
}

/** Flags of `provision firewall`. */
export interface FirewallFlags {
  readonly inventory: string
  readonly forks: string
  readonly playbook: string
  /** Of rollback: the entry of the history to go back to. */
  readonly to?: string
  /** Of matrix and history. */
  readonly output?: string
  /** Of rollback. */
  readonly yes?: Consent
}
