import { Secret } from '../secret/secret.ts'
import type { Path } from './document.ts'

/** One level of vars or connection settings, weakest first: all < groups < host < --set. */
export interface Layer {
  /** `all`, `group db`, `host h1`, `--set`. */
  readonly level: string
  readonly value: unknown
  where(path: Path): string
}

/** Where a value came from. */
export interface Origin {
  readonly value: unknown
  readonly level: string
  readonly where: string
}

/** Maps merge key by key; lists and plain values replace. */
export function merge(layers: readonly Layer[]): Record<string, unknown> {
  return layers.reduce<Record<string, unknown>>((sum, layer) => mergeMaps(sum, layer.value), {})
}

/** All that was said of a path, the winner first. */
export function originsOf(layers: readonly Layer[], path: Path): readonly Origin[] {
  return layers
    .map((layer) => ({ layer, value: at(layer.value, path) }))
    .filter(({ value }) => value !== undefined)
    .map(({ layer, value }) => ({ value, level: layer.level, where: layer.where(path) }))
    .reverse()
}

export function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

function mergeMaps(under: unknown, over: unknown): Record<string, unknown> {
  const sum: Record<string, unknown> = isPlainMap(under) ? { ...under } : {}
  if (!isPlainMap(over)) return sum
  for (const [key, value] of Object.entries(over))
    sum[key] = isPlainMap(value) ? mergeMaps(sum[key], value) : value
  return sum
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)]
    return isPlainMap(inner) ? inner[String(key)] : undefined
  }, value)
}
