/**
 * How far a host's clock is ahead of ours, in seconds: between these two. It was read at some moment between our question
 * and its answer; on a busy machine that is long, and a skew must not be read out of slowness.
 */
export interface ClockOffset {
  readonly least: number
  readonly most: number
}

/** `clock` is what the host said; `sent` and `received` are our own times, all in seconds since 1970. */
export function clockOffset(clock: number, sent: number, received: number): ClockOffset {
  return { least: clock - received, most: clock - sent }
}

/** Seconds that two clocks are apart at least; 0 where they may be the same. */
export function apart(a: ClockOffset, b: ClockOffset): number {
  return Math.max(0, a.least - b.most, b.least - a.most)
}
