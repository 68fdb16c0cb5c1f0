import { InputError } from '../errors.ts'
import type { Connect } from '../model/transport.ts'
import { connectSsh } from '../transport/ssh.ts'

/** Opens connections, at most `--forks` at once. */
export function connectorFor(flags: {
  readonly forks: string
  readonly acceptNewHostKeys?: boolean
}): Connect {
  const forks = Number(flags.forks)
  if (!Number.isInteger(forks) || forks < 1)
    throw new InputError({ what: `--forks must be a whole number of at least 1, not ${flags.forks}` })
  let free = forks
  const waiting: (() => void)[] = []
  return async (host) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    try {
      return await connectSsh(host, { acceptNewHostKeys: flags.acceptNewHostKeys === true })
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
