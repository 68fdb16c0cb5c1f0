import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'
import { fstab, swapLines, withoutSwap } from './fstab.ts'
import { linesIn, probeTexts, type Reads, type Texts } from './read-texts.ts'
import { rewrite, rewriteTools } from './rewrite.ts'
import { contentOf } from './text-edit.ts'

/** No swap, now and after a boot: a paged-out database is slower than a dead one that fails over. */
export function noSwap(meta: Meta = {}): Resource<Reads, Texts> {
  return resource(kind, 'none', { reads: ['/proc/swaps', fstab] }, meta)
}

const kind: Kind<Reads, Texts> = {
  name: 'swap',
  probe: probeTexts,
  plan(_, texts) {
    const active = activeIn(texts)
    const atBoot = swapLines(contentOf(fstab, texts) ?? '')
    return [
      ...(active.length > 0 ? [{ attribute: 'active', from: active.join(' '), to: 'none' }] : []),
      ...(atBoot > 0 ? [{ attribute: 'fstab', from: `${atBoot} lines`, to: 'none' }] : []),
    ]
  },
  apply(planned) {
    const texts = planned[0]?.actual ?? new Map()
    const before = contentOf(fstab, texts)
    return lines([
      sh`set -e`,
      activeIn(texts).length > 0 ? sh`swapoff -a` : sh`:`,
      // Kept as comments: the operator may want to know what was there.
      ...(before !== undefined && swapLines(before) > 0
        ? [
            rewriteTools,
            rewrite({ path: fstab, before, after: withoutSwap(before) }),
            sh`systemctl daemon-reload`,
          ]
        : []),
    ])
  },
}

/** Active devices and files. */
function activeIn(texts: Texts): readonly string[] {
  const rows = linesIn(texts, '/proc/swaps')
  if (!rows) throw new Error('/proc/swaps was not shown')
  return rows.flatMap((row) => /^(\/\S+)/.exec(row)?.[1] ?? [])
}
