import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import { type Failure, InputError, inputErrors } from '../errors.ts'
import { Secret } from '../secret/secret.ts'

export type Path = readonly (string | number)[]

/** A YAML file that remembers where everything stood. */
export interface SourceDocument {
  readonly file: string
  readonly value: unknown
  /** `inventory/prod.yaml:12:5` of the value at the path; of its key with `ofKey`. */
  where(path: Path, ofKey?: boolean): string
}

/** Reads a YAML file (1.2: `no` is text). Throws InputError with the place of every syntax error. */
export function readDocument(file: string): SourceDocument {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError({
      what: `cannot read the inventory ${file}`,
      why: cause instanceof Error ? cause.message : String(cause),
      next: 'name it with --inventory FILE',
      cause,
    })
  }
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, customTags: [secretTag(dirname(file))] })
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    throw inputErrors(
      document.errors.map(
        (error): Failure => ({
          where: place(error.pos[0]),
          what: error.message.split(' at line')[0] ?? error.message,
        }),
      ),
    )
  }
  return {
    file,
    value: document.toJS() ?? {},
    where(path, ofKey = false) {
      const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
      const pair = isMap(parent)
        ? parent.items.find((item) => keyOf(item.key) === String(path.at(-1)))
        : undefined
      const node = ofKey && isPair(pair) && isNode(pair.key) ? pair.key : document.getIn(path, true)
      // A path that is not there (a missing key) is shown at the nearest thing above it that is.
      if (!isNode(node)) return path.length > 0 ? this.where(path.slice(0, -1)) : `${file}:1:1`
      return place(node.range?.[0] ?? 0)
    },
  }
}

/** `!secret env:NAME` or `!secret file:PATH`: read now, and never shown. */
function secretTag(folder: string) {
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
        return new Secret(name, readFileSync(resolvePath(folder, name), 'utf8').replace(/\n$/, ''))
      } catch {
        onError(`!secret file:${name}: cannot be read`)
        return source
      }
    },
  }
}

/** Paths in an inventory are relative to its file; `~` is the home folder. */
export function resolvePath(folder: string, path: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path)
}

function keyOf(key: unknown): string {
  return isNode(key) ? String(key.toJSON()) : String(key)
}
