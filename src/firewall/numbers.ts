import type { PortRange } from './ruleset.ts'

/** `80`, `1:5`, `:5`, `5:`, and lists of them with commas. Sorted, and joined where they touch. Undefined for names. */
export function parsePorts(text: string): readonly PortRange[] | undefined {
  const ranges: PortRange[] = []
  for (const part of text.split(',')) {
    const range = parsePortRange(part, ':')
    if (!range) return undefined
    ranges.push(range)
  }
  ranges.sort((a, b) => a.from - b.from)
  const joined: PortRange[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last && range.from <= last.to + 1)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
    else joined.push(range)
  }
  return joined
}

/** One port, or two with the sign between them. An open end is the first or the last port. */
export function parsePortRange(text: string, sign: ':' | '-'): PortRange | undefined {
  const [start = '', end = start, ...more] = text.split(sign)
  if (text === '' || text === sign || more.length > 0 || !/^\d{0,5}$/.test(start) || !/^\d{0,5}$/.test(end))
    return undefined
  const from = start === '' ? 0 : Number(start)
  const to = end === '' ? 65535 : Number(end)
  return from <= to && to <= 65535 ? { from, to } : undefined
}

export const inPorts = (port: number, ranges: readonly PortRange[]): boolean =>
  ranges.some(({ from, to }) => port >= from && port <= to)

/** `0x1/0x3`; without a mask all bits count. */
export function parseMark(text: string): { readonly value: number; readonly mask: number } | undefined {
  const [value = '', mask = '0xffffffff', ...more] = text.split('/')
  const isNumber = (part: string) => /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(part)
  if (more.length > 0 || !isNumber(value) || !isNumber(mask)) return undefined
  return { value: Number(value) >>> 0, mask: Number(mask) >>> 0 }
}
