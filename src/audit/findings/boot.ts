import { compare } from '../../firewall/compare.ts'
import { parseSave } from '../../firewall/parse.ts'
import { finding } from '../catalogue.ts'
import type { Place } from '../effect.ts'
import type { Finding } from '../finding.ts'

const unit = 'provision-firewall.service'

/** Will the rules be there after a boot, and after Docker starts? */
export function boot(place: Place): readonly Finding[] {
  const { name: host, seen } = place
  const own = seen.units.get(unit)
  const isWell = own?.enabled === 'enabled' && own.active === 'active'
  const docker = seen.units.get('docker.service')
  const isBehindUs =
    docker?.load !== 'loaded' || docker.dropIns.some((path) => path.endsWith('/provision-firewall.conf'))
  return [
    ...(isWell
      ? []
      : [
          finding('FW032', {
            host,
            subject: unit,
            evidence: [
              own ? `${own.load}, ${own.active}, ${own.enabled || 'not enabled'}` : 'there is no such unit',
            ],
          }),
        ]),
    ...(isBehindUs
      ? []
      : [
          finding('FW036', {
            host,
            subject: 'drop-in of docker.service',
            evidence: [`drop-ins: ${docker.dropIns.join(', ') || 'none'}`],
          }),
        ]),
    ...(seen.unread.some((u) => u.what === 'files') ? [] : kept(place)),
  ]
}

/** The files of the next boot beside the rules that are loaded. What both lack of the policy is told elsewhere. */
function kept({ name: host, seen, wish }: Place): readonly Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const path = `/etc/provision/firewall.v${family}`
    const text = seen.files.get(path)
    if (text === undefined)
      return [finding('FW030', { host, subject: path, evidence: [`there is no ${path}`] })]
    const file = readable(text, family)
    if (typeof file === 'string')
      return [finding('FW030', { host, subject: path, evidence: [`${path} would not load: ${file}`] })]
    // As the file wants it: missing is what the next boot brings, extra is what it takes away.
    const loadedToo = compare(seen.own[family], file, [])
    const wanted = parseSave(wish.texts[family], family)
    const wantedOnly = new Set(compare(seen.own[family], wanted, []).map(key))
    const lost = loadedToo.filter((d) => d.kind !== 'missing' && !wantedOnly.has(key(d)))
    const comes = loadedToo.filter((d) => d.kind === 'missing' && !wantedOnly.has(key(d)))
    return [
      ...(lost.length === 0
        ? []
        : [finding('FW030', { host, subject: path, evidence: lost.slice(0, 6).map(lineOf) })]),
      ...(comes.length === 0
        ? []
        : [finding('FW031', { host, subject: path, evidence: comes.slice(0, 6).map(lineOf) })]),
    ]
  })
}

type Difference = ReturnType<typeof compare>[number]

function key({ kind, wanted, loaded }: Difference): string {
  return `${kind} ${wanted?.text} ${loaded?.text}`
}

function lineOf({ wanted, loaded }: Difference): string {
  if (wanted && loaded) return `loaded: ${loaded.text}; after a boot: ${wanted.text}`
  return wanted ? `only after a boot: ${wanted.text}` : `gone after a boot: ${loaded?.text}`
}

function readable(text: string, family: 4 | 6) {
  try {
    return parseSave(text, family)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
