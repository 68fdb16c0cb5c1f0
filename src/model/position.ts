/** A place in the WAL: of two, the one with the higher timeline is ahead, then the one with more bytes. */
export interface Position {
  readonly timeline: number
  /** Bytes, as PostgreSQL counts them from the beginning. */
  readonly bytes: number
}

/** The part of a member's page that says how far it is. */
export interface Progress {
  readonly state?: string
  readonly timeline?: number
  readonly xlog?: {
    readonly location?: number
    readonly received_location?: number
    readonly replayed_location?: number
  }
}

/** How far a member's WAL goes, by its own page; undefined where the server does not run. */
export function positionIn({ state, timeline, xlog }: Progress): Position | undefined {
  if (state !== 'running' || xlog === undefined) return undefined
  const bytes = xlog.location ?? Math.max(xlog.received_location ?? 0, xlog.replayed_location ?? 0)
  return timeline === undefined || bytes === 0 ? undefined : { timeline, bytes }
}

/** Below 0 where `a` is ahead of `b`: to sort the most advanced first. */
export function byPosition(a: Position | undefined, b: Position | undefined): number {
  return (b?.timeline ?? 0) - (a?.timeline ?? 0) || (b?.bytes ?? 0) - (a?.bytes ?? 0)
}

/** `timeline 3, 0/5000060`: as PostgreSQL itself writes it. */
export function positionText(position: Position | undefined): string {
  if (!position) return 'position unknown'
  const { timeline, bytes } = position
  const hex = (n: number) => n.toString(16).toUpperCase()
  return `timeline ${timeline}, ${hex(Math.floor(bytes / 2 ** 32))}/${hex(bytes % 2 ** 32)}`
}
