import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { type Failure, InputError, inputErrors } from '../errors.ts'
import { secretTag } from './secret-tag.ts'

export type Path = readonly (string | number)[]

/** Where a value at a path stands (`inventory/prod.yaml:12:5`), or its key. */
export type Where = (path: Path, ofKey?: boolean) => string

/** A YAML file that remembers where everything stood. */
export interface SourceDocument {
  readonly file: string
  readonly value: unknown
  readonly where: Where
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
  // A tag nobody knows is only a warning to the parser; to us it is a slip of the hand.
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) throw inputErrors(faults.map((e) => ({ where: place(e.pos[0]), ...inWords(e) })))
  return {
    file,
    value: plainValue(document, file),
    where(path, ofKey = false) {
      let node: unknown = document.contents
      let offset = 0
      for (const [i, step] of path.entries()) {
        const found = child(node, step)
        // A path that is not there (a missing key) is shown at the nearest thing above it that is.
        if (!found) break
        node = found.value
        const shown = ofKey && i === path.length - 1 ? found.key : found.value
        offset = (isNode(shown) ? shown : found.key)?.range?.[0] ?? offset
      }
      return place(offset)
    },
  }
}

/** An anchor may be used by every one of many hosts; what multiplies itself to millions is a slip, or a bomb. */
function plainValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000_000 }) ?? {}
  } catch (cause) {
    throw new InputError({
      where: file,
      what: 'the anchors (&) and aliases (*) of this file cannot be resolved',
      why: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}

/** Keys are compared as text, as they are in the plain value (`1:` is the key '1'). */
function child(
  parent: unknown,
  step: string | number,
): { readonly key?: Node | undefined; readonly value: unknown } | undefined {
  if (isSeq(parent)) {
    const value = parent.items[Number(step)]
    return value === undefined ? undefined : { value }
  }
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(({ key }) => String(isNode(key) ? key.toJSON() : key) === String(step))
  return pair && { key: isNode(pair.key) ? pair.key : undefined, value: pair.value }
}

function inWords(error: YAMLError): Failure {
  const said = error.message.split(' at line')[0] ?? error.message
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return { what: 'this key is written twice in one map; a key may stand there once' }
    case 'TAG_RESOLVE_FAILED':
      return said.startsWith('Unresolved tag')
        ? { what: `there is no tag ${said.split(': ')[1]}`, next: 'did you mean !secret?' }
        : { what: said }
    default:
      return { what: `not YAML: ${said.replace(/:$/, '')}` }
  }
}
