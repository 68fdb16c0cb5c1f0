/**
 * A caching HTTP proxy for apt and cargo, on a UNIX socket: the only way out that the lab's hosts have, and only to the
 * mirrors that this machine itself uses. Hosts of SECURE are asked by HTTPS, though the lab asks by HTTP: whatever
 * authority this machine trusts, the lab's hosts need not know it.
 *
 *   ALLOW=host,host SECURE=host node proxy.ts SOCKET CACHE_FOLDER
 */
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { Agent, createServer, get, type IncomingMessage } from 'node:http'
import { get as getSecurely, Agent as SecureAgent } from 'node:https'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const [socket = '', folder = ''] = process.argv.slice(2)
const allowed = new Set((process.env.ALLOW ?? '').split(','))
const secure = new Set((process.env.SECURE ?? '').split(','))
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const secureAgent = new SecureAgent({ keepAlive: true, maxSockets: 8 })
const underWay = new Map<string, Promise<void>>()
/** Index files change; packages, crates and by-hash files never do. Ten minutes is less than a mirror's own pace. */
const freshMs = 600_000

mkdirSync(folder, { recursive: true })
rmSync(socket, { force: true })
createServer(async (request, response) => {
  try {
    const url = new URL(request.url ?? '')
    const isSecure = secure.has(url.hostname)
    if (url.protocol !== 'http:' || !(isSecure || allowed.has(url.hostname))) {
      response.writeHead(403).end('not a mirror of this lab\n')
      return
    }
    const file = join(folder, encodeURIComponent(url.hostname + url.pathname).slice(-240))
    if (isSecure) url.protocol = 'https:'
    if (!isFresh(file, url.pathname)) await once(url.href, file)
    if (isSecure && url.pathname === '/config.json') downloadsToo(file)
    response.writeHead(200, { 'content-length': statSync(file).size })
    if (request.method === 'HEAD') response.end()
    else await pipeline(createReadStream(file), response)
  } catch (error) {
    const status = error instanceof UpstreamError ? error.status : 502
    if (!response.headersSent) response.writeHead(status)
    response.end(`${error}\n`)
  }
}).listen(socket)

class UpstreamError extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the mirror answered ${status}`)
    this.status = status
  }
}

/** A registry's config.json says where its crates are: that host is asked by HTTPS, too, and named to the lab as HTTP. */
function downloadsToo(file: string): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as { readonly dl: string }
  const downloads = new URL(config.dl.replace(/^http:/, 'https:'))
  secure.add(downloads.hostname)
  writeFileSync(file, JSON.stringify({ ...config, dl: downloads.href.replace(/^https:/, 'http:') }))
}

function isFresh(file: string, path: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  return (
    found !== undefined &&
    (/\.deb$|\/by-hash\/|\.crate$|\/download$/.test(path) || Date.now() - found.mtimeMs < freshMs)
  )
}

/** Three hosts asking for one file at once cost one download. */
function once(url: string, file: string): Promise<void> {
  const running = underWay.get(file)
  if (running) return running
  const download = fetchTo(url, file).finally(() => underWay.delete(file))
  underWay.set(file, download)
  return download
}

async function fetchTo(url: string, file: string): Promise<void> {
  const answer = await request(url)
  const { location } = answer.headers
  if (location && (answer.statusCode ?? 0) >= 300 && (answer.statusCode ?? 0) < 400) {
    answer.resume()
    return fetchTo(new URL(location, url).href, file)
  }
  if (answer.statusCode !== 200) {
    answer.resume()
    throw new UpstreamError(answer.statusCode ?? 502)
  }
  const part = `${file}.${process.pid}.part`
  await pipeline(answer, createWriteStream(part))
  renameSync(part, file)
}

function request(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = url.startsWith('https:')
      ? getSecurely(url, { agent: secureAgent }, resolve)
      : get(url, { agent }, resolve)
    asked.on('error', reject)
  })
}
