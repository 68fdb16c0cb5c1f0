import { InputError, ProvisionError } from '../errors.ts'
import type { Host } from '../model/host.ts'
import type { Connect, Transport } from '../model/transport.ts'
import { type SshOptions, shownKey } from '../transport/client.ts'
import type { Jumps } from '../transport/jump.ts'
import { connectSsh } from '../transport/ssh.ts'
import { sshConfig } from '../transport/ssh-config.ts'
import { askPassphrase } from './passphrase.ts'

/** Opens connections, at most `--forks` at once; `close` ends what they share. */
export interface Connector {
  readonly connect: Connect
  /** The host key that a host shows now, known or not. */
  hostKey(host: Host): Promise<{ readonly host: Host; readonly key: Buffer }>
  close(): void
}

export function connectorFor(
  flags: { readonly forks: string; readonly acceptNewHostKeys?: boolean },
  known: (name: string) => Host | undefined,
  makeRoom: () => Promise<void> = async () => {},
): Connector {
  const turn = turnstile(flags.forks)
  const completed = sshConfig()
  const ask = askPassphrase(makeRoom)
  const options: SshOptions = {
    acceptNewHostKeys: flags.acceptNewHostKeys === true,
    tell: (text) => console.error(text),
    ...(ask ? { askPassphrase: ask } : {}),
    via: async (host) => (await jumping()).stream(host),
  }
  let jumps: Promise<Jumps> | undefined
  const jumping = () => {
    jumps ??= Promise.all([import('../transport/jump.ts'), completed]).then(([{ createJumps }, complete]) =>
      createJumps((name) => {
        const host = known(name)
        return host && complete(host)
      }, options),
    )
    return jumps
  }
  return {
    connect: (host) =>
      turn(async () => {
        if (host.connection.transport === 'local')
          return (await import('../transport/local.ts')).connectLocal(host)
        return connectSsh((await completed)(host), options)
      }),
    async hostKey(given) {
      const host = (await completed)(given)
      const stream = host.connection.jump ? await (await jumping()).stream(host) : undefined
      return { host, key: await shownKey(host, stream) }
    },
    close() {
      jumps?.then((j) => j.close())
    },
  }
}

/** Lends a connector for the hosts of an inventory to `work`, and closes it whatever comes. */
export async function withConnector<T>(
  flags: { readonly forks: string; readonly acceptNewHostKeys?: boolean },
  hosts: readonly Host[],
  work: (connector: Connector) => Promise<T>,
): Promise<T> {
  const connector = connectorFor(flags, (name) => hosts.find((h) => h.name === name))
  try {
    return await work(connector)
  } finally {
    connector.close()
  }
}

/**
 * The first host, in their order, that can be reached and that `ask` gets an answer from. Whoever calls closes its way.
 * Throws what the last one failed with.
 */
export async function firstOf<T>(
  hosts: readonly Host[],
  connect: Connect,
  ask: (link: Transport) => Promise<T>,
): Promise<{ readonly link: Transport; readonly answer: T }> {
  let last: unknown
  for (const host of hosts) {
    let link: Transport | undefined
    try {
      link = await connect(host)
      return { link, answer: await ask(link) }
    } catch (error) {
      await link?.[Symbol.asyncDispose]()
      if (!(error instanceof ProvisionError)) throw error
      last = error
    }
  }
  throw last
}

/** Lets at most `forks` in at a time. */
function turnstile(given: string): <T>(work: () => Promise<T>) => Promise<T> {
  const forks = Number(given)
  if (!Number.isInteger(forks) || forks < 1)
    throw new InputError({ what: `--forks must be a whole number of at least 1, not ${given}` })
  let free = forks
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
