import type { Drill } from '../status/look.ts'
import { table } from './table.ts'

/** As much of `pgbackrest info --output=json` as is shown. */
export interface RepositoryInfo {
  readonly name: string
  readonly status: { readonly code: number; readonly message: string }
  readonly archive?: readonly { readonly min?: string; readonly max?: string }[]
  readonly backup?: readonly {
    readonly label: string
    readonly type: string
    readonly error?: boolean
    readonly annotation?: { readonly host?: string }
    /** Seconds since 1970. */
    readonly timestamp: { readonly start: number; readonly stop: number }
    /** Bytes: of the database, and of what this one added to the repository. */
    readonly info: { readonly size: number; readonly repository: { readonly delta: number } }
  }[]
}

/** What a drill has found, as a whole. */
interface Finding extends Drill {
  readonly host: string
  readonly target: string
  readonly rows: number
}

/** `provision backup list` for people. */
export function formatBackups(all: readonly RepositoryInfo[]): string {
  return all
    .map(({ name, status, archive = [], backup = [] }) => {
      const rows = backup.map((b) => [
        b.label,
        b.error ? `${b.type}, pages damaged` : b.type,
        timeOf(b.timestamp.stop),
        `${b.timestamp.stop - b.timestamp.start} s`,
        sizeOf(b.info.size),
        sizeOf(b.info.repository.delta),
        b.annotation?.host ?? '',
      ])
      const wal = archive.at(-1)
      return [
        `${name}: ${status.message}`,
        table(['backup', 'type', 'finished', 'took', 'database', 'added', 'by'], rows),
        wal?.min ? `WAL from ${wal.min} to ${wal.max}` : 'no WAL',
      ].join('\n')
    })
    .join('\n\n')
}

/** What a drill has proven, for people. */
export function formatDrill({ host, target, rows, rpoSeconds, rtoSeconds }: Finding): string {
  return `Restored on ${host} to ${target}: ${rows} rows of the canary, all as in the cluster.
RPO ${rpoSeconds} s: so much would be lost if all hosts were gone now.
RTO ${rtoSeconds} s: so long until the restored server answered.`
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
