import { Secret } from '../secret/secret.ts'
import type { Path, Where } from './document.ts'

/** One level of vars or connection settings. */
export interface Layer {
  /** `all`, `group db`, `host h1`, `--set`. */
  readonly level: string
  readonly value: unknown
  readonly where: Where
}

/** Where a value came from. */
export interface Origin {
  readonly value: unknown
  readonly level: string
  readonly where: string
}

/** Layers come weakest first. Maps merge key by key; lists and plain values replace. */
export function merge(layers: readonly Layer[]): Record<string, unknown> {
  return layers.reduce<Record<string, unknown>>((sum, layer) => mergeMaps(sum, layer.value), {})
}

/** All that was said of a path, the winner first. */
export function originsOf(layers: readonly Layer[], path: Path): readonly Origin[] {
  const origins: Origin[] = []
  for (const layer of layers.toReversed()) {
    const value = valueAt(layer.value, path)
    if (value !== undefined) origins.push({ value, level: layer.level, where: layer.where(path) })
    // A list or plain value further up replaced all that weaker levels say below it.
    if (isReplacedAbove(layer.value, path)) break
  }
  return origins
}

/** Where the winner stands; of a path nobody wrote, the nearest thing above it that somebody did. */
export function whereIn(layers: readonly Layer[], file: string): Where {
  return (path, ofKey = false) => {
    for (let length = path.length; length > 0; length--) {
      const said = path.slice(0, length)
      const layer = layers.findLast((l) => valueAt(l.value, said) !== undefined)
      if (layer) return layer.where(said, ofKey && length === path.length)
    }
    return `${file}:1:1`
  }
}

export function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)]
    return isPlainMap(inner) && Object.hasOwn(inner, key) ? inner[String(key)] : undefined
  }, value)
}

function isReplacedAbove(value: unknown, path: Path): boolean {
  return path.slice(0, -1).some((_, i) => {
    const above = valueAt(value, path.slice(0, i + 1))
    return above !== undefined && !isPlainMap(above)
  })
}

function mergeMaps(under: unknown, over: unknown): Record<string, unknown> {
  const sum: Record<string, unknown> = isPlainMap(under) ? { ...under } : {}
  if (!isPlainMap(over)) return sum
  for (const [key, value] of Object.entries(over))
    sum[key] = isPlainMap(value) ? mergeMaps(sum[key], value) : value
  return sum
}
