import type { Duplex } from 'node:stream'
import type { NodeSSH } from 'node-ssh'
import { ConnectError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import { openClient, type SshOptions } from './client.ts'

/** Ways through jump hosts. One connection to each of them serves a whole run. */
export interface Jumps {
  /** A stream to the host's sshd, through all its jumps. */
  stream(host: Host): Promise<Duplex>
  close(): void
}

/** `known` finds a jump host that is itself a host of the inventory. */
export function createJumps(known: (name: string) => Host | undefined, options: SshOptions): Jumps {
  const clients = new Map<string, Promise<NodeSSH>>()

  /** The connection to the last of `chain`, through those before it. */
  function through(chain: readonly string[], target: Host): Promise<NodeSSH> {
    const key = chain.join(',')
    const open = clients.get(key) ?? openVia(chain, target)
    clients.set(key, open)
    return open
  }
  async function openVia(chain: readonly string[], target: Host): Promise<NodeSSH> {
    const before = chain.slice(0, -1)
    const jump = jumpHost(chain.at(-1) ?? '', target, known)
    const stream = before.length > 0 ? await forward(await through(before, target), jump) : undefined
    return openClient(jump, options, stream)
  }
  return {
    async stream(host) {
      const chain = (host.connection.jump ?? '').split(',').map((name) => name.trim())
      return forward(await through(chain, host), host, chain.at(-1))
    },
    close() {
      for (const client of clients.values())
        client.then(
          (ssh) => ssh.dispose(),
          () => {}, // It was never open; who asked for it has been told.
        )
    },
  }
}

function forward(ssh: NodeSSH, target: Host, jump = 'the jump host'): Promise<Duplex> {
  const { port = 22 } = target.connection
  return new Promise((resolve, reject) => {
    ssh.connection?.forwardOut('127.0.0.1', 0, target.address, port, (error, channel) => {
      if (!error) return resolve(channel)
      reject(
        new ConnectError({
          host: target.name,
          what: `${jump} cannot reach ${target.address}:${port}: ${error.message}`,
          next: 'does its sshd allow TCP forwarding, and can it reach the address itself?',
          cause: error,
        }),
      )
    })
  })
}

/** A host of the inventory by its name, or `user@host:port`; its key is checked as strictly as any. */
function jumpHost(spec: string, target: Host, known: (name: string) => Host | undefined): Host {
  const own = known(spec)
  if (own) return own
  const found = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(spec)
  if (!found?.[2])
    throw new ConnectError({ host: target.name, what: `the jump host "${spec}" is not user@host:port` })
  const { socket: _s, jump: _j, hostKeys: _h, port: _p, user: _u, ...shared } = target.connection
  return {
    name: spec,
    address: found[2].replace(/^\[|\]$/g, ''),
    groups: [],
    vars: {},
    connection: {
      ...shared,
      hostKeys: [],
      become: false,
      ...(found[1] ? { user: found[1] } : {}),
      ...(found[3] ? { port: Number(found[3]) } : {}),
    },
  }
}
