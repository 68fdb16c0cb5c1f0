import { isIPv4, isIPv6 } from 'node:net'
import type { Family } from './rules.ts'

/** An address as a number, so that networks and ranges compare with plain arithmetic. */
export type Address = bigint

/** Every address `a` with `(a & mask) === base`. The mask need not be a prefix: iptables allows 255.0.255.0. */
export interface Network {
  readonly base: Address
  readonly mask: Address
}

/** Both ends belong to it. */
export interface Range {
  readonly from: Address
  readonly to: Address
}

const ones = { 4: (1n << 32n) - 1n, 6: (1n << 128n) - 1n }
export const bits = (family: Family): number => (family === 4 ? 32 : 128)
export const allOnes = (family: Family): bigint => ones[family]

/** Undefined when it is no address of this family. */
export function parseAddress(text: string, family: Family): Address | undefined {
  if (family === 4) return isIPv4(text) ? v4(text) : undefined
  return isIPv6(text) && !text.includes('%') ? v6(text) : undefined
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, or an address. Host bits are cut off, as the kernel does. */
export function parseNetwork(text: string, family: Family): Network | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash), family)
  const mask = slash < 0 ? allOnes(family) : parseMask(text.slice(slash + 1), family)
  return address === undefined || mask === undefined ? undefined : { base: address & mask, mask }
}

/** `10.0.0.1-10.0.0.9`, or one address. */
export function parseRange(text: string, family: Family): Range | undefined {
  const dash = text.indexOf('-')
  const from = parseAddress(dash < 0 ? text : text.slice(0, dash), family)
  const to = dash < 0 ? from : parseAddress(text.slice(dash + 1), family)
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** The masks of all lengths: a ruleset asks for them thousands of times. */
const prefixMasks = { 4: masksOf(4), 6: masksOf(6) }

export function prefixMask(length: number, family: Family): bigint {
  return prefixMasks[family][length] ?? allOnes(family)
}

function masksOf(family: Family): readonly bigint[] {
  return Array.from(
    { length: bits(family) + 1 },
    (_, length) => allOnes(family) ^ ((1n << BigInt(bits(family) - length)) - 1n),
  )
}

/** Undefined for a mask with holes. */
export function prefixLength(mask: bigint, family: Family): number | undefined {
  const length = bits(family) - (allOnes(family) ^ mask).toString(2).replace(/^0$/, '').length
  return prefixMask(length, family) === mask ? length : undefined
}

export const inNetwork = (address: Address, { base, mask }: Network): boolean => (address & mask) === base
export const inRange = (address: Address, { from, to }: Range): boolean => address >= from && address <= to

/** The usual short form (RFC 5952); it is what URL makes of a v6 address. */
export function printAddress(address: Address, family: Family): string {
  const hex = address.toString(16).padStart(bits(family) / 4, '0')
  if (family === 4) return [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
  const groups = hex.match(/.{4}/g) ?? []
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function parseMask(text: string, family: Family): bigint | undefined {
  if (!/^\d{1,3}$/.test(text)) return parseAddress(text, family)
  return Number(text) <= bits(family) ? prefixMask(Number(text), family) : undefined
}

function v4(text: string): bigint {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return BigInt(((a * 256 + b) * 256 + c) * 256 + d)
}

function v6(text: string): bigint {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1]
  const plain = dotted
    ? `${text.slice(0, -dotted.length)}${(v4(dotted) >> 16n).toString(16)}:${(v4(dotted) & 0xffffn).toString(16)}`
    : text
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0')
  return BigInt(`0x${[...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('')}`)
}
