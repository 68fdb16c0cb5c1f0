/** How to reach a host. Everything is optional in the inventory; `~/.ssh/config` fills what is left open. */
export interface Connection {
  readonly transport: 'ssh' | 'local'
  readonly port?: number
  readonly user?: string
  /** Private key file. Without it: agent, then the default keys of OpenSSH. */
  readonly key?: string
  /** Private key files of `~/.ssh/config`, where the inventory names none. */
  readonly keys?: readonly string[]
  /** Socket of an SSH agent (default: SSH_AUTH_SOCK). */
  readonly agent?: string
  /** Several by commas, the first nearest to us. `user@host:port` of a jump host, or the name of another host of the inventory. */
  readonly jump?: string
  readonly become: boolean
  /** File that holds the sudo password (never the password itself). */
  readonly becomePasswordFile?: string
  /** Pinned host keys: `ssh-ed25519 AAAA…` lines or `SHA256:…` fingerprints. */
  readonly hostKeys: readonly string[]
  readonly knownHosts?: string
  /** More files of host keys, from `~/.ssh/config`; only read. */
  readonly moreKnownHosts?: readonly string[]
  /** File of public keys that no host may show (`RevokedHostKeys` of `~/.ssh/config`). */
  readonly revokedHostKeys?: string
  /** Names are hashed where a new host key is written (`HashKnownHosts` of `~/.ssh/config`). */
  readonly hashKnownHosts?: boolean
  /** Seconds for TCP and SSH handshake together. Default 10. */
  readonly connectTimeoutSeconds: number
  /** UNIX socket that leads to the host's sshd (used by the lab). */
  readonly socket?: string
}

/** One host of the inventory after merging. */
export interface Host {
  readonly name: string
  readonly address: string
  readonly groups: readonly string[]
  readonly connection: Connection
  /** Vars by role name, merged, not yet checked against any role. */
  readonly vars: Readonly<Record<string, unknown>>
}
