import { inPorts } from './numbers.ts'
import { redirectAddress } from './places.ts'
import type { Target } from './ruleset.ts'
import { hasConnection, type State, type View } from './view.ts'

/** The state after a target that changes it. Undefined: the kernel drops the packet. */
export function changed(target: Target, view: View): State | undefined {
  const { state } = view
  const isOfConnection = ['connmark', 'save-mark', 'restore-mark'].includes(target.kind)
  if (isOfConnection && !hasConnection(view)) return state
  switch (target.kind) {
    case 'mark':
      return { ...state, mark: apply(state.mark, target.mask, target.value) }
    case 'connmark':
      return { ...state, connmark: apply(state.connmark, target.mask, target.value) }
    case 'save-mark':
      return { ...state, connmark: copy(state.connmark, target.ctmask, state.mark, target.nfmask) }
    case 'restore-mark':
      return { ...state, mark: copy(state.mark, target.nfmask, state.connmark, target.ctmask) }
    case 'notrack':
      return { ...state, isNotrack: true }
    case 'set':
      return { ...state, changedSets: [...new Set([...state.changedSets.split(','), target.name])].join() }
    case 'dnat':
      return dnat(target, state)
    case 'redirect':
      return redirect(target, view)
    default:
      return state
  }
}

function apply(old: number | undefined, mask: number, value: number): number | undefined {
  if (mask === 0xffffffff) return value
  return old === undefined ? undefined : ((old & ~mask) ^ value) >>> 0
}

function copy(old: number | undefined, clear: number, from: number | undefined, take: number) {
  return from === undefined ? undefined : apply(old, clear, (from & take) >>> 0)
}

function dnat(target: Extract<Target, { kind: 'dnat' }>, state: State): State {
  const { addresses } = target
  const one = addresses && addresses.from === addresses.to ? addresses.from : undefined
  return moved(state, addresses ? one : state.destination, portOf(target, state))
}

/** redirect.c: without an address on the interface the packet is dropped. */
function redirect(
  target: Extract<Target, { kind: 'redirect' }>,
  { host, header, state }: View,
): State | undefined {
  const { family, inInterface } = header
  const port = portOf(target, state)
  if (inInterface === undefined) return { ...moved(state, undefined, port), isToSelf: true }
  const address = redirectAddress(host, family, inInterface, state.destination)
  if (address === 'unknown') return { ...moved(state, undefined, port), isToSelf: true }
  return address === undefined ? undefined : { ...moved(state, address, port), isToSelf: true }
}

/** nf_nat keeps a port that is in the range already; else it takes one, and which is not ours to know. */
function portOf(target: { readonly ports?: { readonly from: number; readonly to: number } }, state: State) {
  const { ports } = target
  if (!ports) return state.destinationPort
  if (ports.from === ports.to) return ports.from
  // All ports are what the parser says of a text that it does not understand.
  if (ports.from === 0 && ports.to === 65535) return undefined
  const old = state.destinationPort
  return old !== undefined && inPorts(old, [ports]) ? old : undefined
}

function moved(state: State, destination: bigint | undefined, destinationPort: number | undefined): State {
  const isSame = destination === state.destination && destinationPort === state.destinationPort
  const isKnown = destination !== undefined && destinationPort !== undefined
  const isDnat = isKnown ? !isSame : undefined
  return { ...state, destination, destinationPort, isDnat, isNatDone: true }
}
