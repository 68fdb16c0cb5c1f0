import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { Secret } from '../secret/secret.ts'

/** `!secret env:NAME` or `!secret file:PATH`: read now, and never shown. */
export function secretTag(folder: string) {
  return {
    tag: '!secret',
    resolve(source: string, onError: (message: string) => void): Secret | string {
      const [kind, name = ''] = source.split(/:(.*)/s)
      if (kind === 'env') {
        const value = process.env[name]
        if (value === undefined) onError(`!secret env:${name}: the environment has no ${name}`)
        return new Secret(name, value ?? '')
      }
      if (kind !== 'file') {
        onError('!secret takes env:NAME or file:PATH')
        return source
      }
      try {
        return new Secret(name, readFileSync(resolvePath(folder, name), 'utf8').replace(/\r?\n$/, ''))
      } catch {
        onError(`!secret file:${name}: cannot be read`)
        return source
      }
    },
  }
}

/** Paths in an inventory are relative to its file; `~` is the home folder. */
export function resolvePath(folder: string, path: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path)
}
