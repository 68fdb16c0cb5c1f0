import type { Body, Get, Output, Probe } from '../model/probe.ts'
import { type Script, sh } from '../shell/sh.ts'
import type { Part } from './frame.ts'

/** What one probe's question gave: undefined when its script never ran. */
export interface Answer {
  readonly output: Output | undefined
  readonly bodies: readonly Body[]
}

export interface Bundle {
  readonly parts: readonly Part[]
  /** One answer per probe, in their order. */
  read(outputs: readonly (Output | undefined)[]): readonly Answer[]
}

/** Many probes as parts of one batch; the pages that they need come first, by one process for each server. */
export function bundle(probes: readonly Pick<Probe<unknown>, 'script' | 'gets' | 'isolated'>[]): Bundle {
  const gets = probes.flatMap((probe) => probe.gets ?? [])
  const servers = [...Map.groupBy(gets, (get) => get.client.text).values()].map((of) => ({
    client: of[0]?.client as Script,
    urls: [...new Set(of.map((get) => get.url))],
  }))
  return {
    parts: [
      ...servers.map(({ client, urls }) => ({ script: fetch(client, urls) })),
      ...probes.map(({ script, isolated }) => ({ script, isolated })),
    ],
    read(outputs) {
      const pages = new Map<string, Body>()
      servers.forEach(({ client, urls }, i) => {
        const bodies = bodiesIn(outputs[i]?.stdout ?? '')
        urls.forEach((url, j) => {
          pages.set(keyOf({ client, url }), bodies[j])
        })
      })
      return probes.map((probe, i) => ({
        output: outputs[servers.length + i],
        bodies: (probe.gets ?? []).map((get) => pages.get(keyOf(get))),
      }))
    },
  }
}

const keyOf = ({ client, url }: Get) => `${client.text} ${url}`

/** A server that does not answer one page in time is not asked for the others. A status stands after each body. */
function fetch(client: Script, urls: readonly string[]): Script {
  return sh`${client} --fail-early -w '\n%{http_code}\n' ${urls} 2>/dev/null; :`
}

function bodiesIn(stdout: string): readonly Body[] {
  return [...stdout.matchAll(/([^\n]*)\n*^(\d{3})$/gm)].map(([, body = '', status]) =>
    Number(status) >= 200 && Number(status) < 400 ? body : undefined,
  )
}
