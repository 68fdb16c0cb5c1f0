import { lines, raw, type Script, sh } from '../shell/sh.ts'
import { finding } from './catalogue.ts'
import type { Place } from './effect.ts'
import type { Finding } from './finding.ts'

/** Given up after this; the host asks itself. */
const giveUpSeconds = 2

/**
 * Asks the control ports of a host, from the host itself and without a certificate, whether they would take an order. By
 * TLS and without: a port that has lost its TLS is open as well. The requests change nothing even where they are taken.
 */
export function controlScript({ address, wish }: Place): Script {
  const host = address.includes(':') ? `[${address}]` : address
  return lines([
    ...controlsOf(wish.policy.flows).flatMap(({ port, method, path, body }) =>
      ['https', 'http'].map((scheme) => {
        const url = `${scheme}://${host}:${port}${path}`
        return sh`c=$(curl -q -sk --noproxy '*' -o /dev/null -w '%{http_code}' --max-time ${giveUpSeconds} -X ${method} -d ${body} ${url}); printf '%s %s %s\n' ${method} ${url} "$c"`
      }),
    ),
    raw(':'),
  ])
}

/** What the answers mean: an order was taken, or it was not. */
export function controlFindings({ name, wish }: Place, answers: string): readonly Finding[] {
  return controlsOf(wish.policy.flows).flatMap(({ port, taken, reason }) => {
    const evidence = answers
      .split('\n')
      .filter((line) => line.includes(`:${port}/`) && line.endsWith(` ${taken}`))
      .map((line) => `without a certificate: ${line}`)
    if (evidence.length === 0) return []
    return [
      finding('FW092', { host: name, subject: `tcp ${port}`, evidence: [...evidence, `port of: ${reason}`] }),
    ]
  })
}

function controlsOf(flows: Place['wish']['policy']['flows']) {
  return flows.flatMap(({ control, reason }) => (control ? [{ ...control, reason }] : []))
}
