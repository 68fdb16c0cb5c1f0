import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** A browser of this machine; as root on Debian it is installed where there is none. */
export function findChromium(): string | undefined {
  const found = lookUp()
  if (found || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-qq', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
    })
  try {
    apt('update')
    apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu')
  } catch {
    return undefined // Offline: the suite is then skipped.
  }
  return lookUp()
}

function lookUp(): string | undefined {
  const folders = (process.env.PATH ?? '').split(':')
  return ['chromium', 'google-chrome', 'chromium-browser']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(existsSync)
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

/** A headless browser, spoken to by the DevTools protocol over a pipe. */
export class Browser {
  readonly #process: ChildProcess
  readonly #profile = mkdtempSync(join(tmpdir(), 'provision-chromium-'))
  readonly #waiting = new Map<number, (message: Message) => void>()
  readonly #listeners = new Set<(message: Message) => void>()
  #lastId = 0
  #rest = ''

  constructor(program: string) {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe']
    this.#process = spawn(program, [...flags, `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    const output = this.#process.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  /** Opens an address in a tab of this size; `said` fills with all that it asks for and complains of. */
  async open(url: string, size: { readonly width: number; readonly height: number }): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, String(sessionId))
    this.#listeners.add((message) => page.hear(message))
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`)
    await page.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: true })
    await page.send('Page.navigate', { url })
    await page.loaded
    return page
  }

  send(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId
    const input = this.#process.stdio[3] as Writable
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {}),
      )
    })
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'close')
    this.#process.kill()
    await ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split('\0')
    this.#rest = messages.pop() ?? ''
    for (const one of messages) {
      const message = JSON.parse(one) as Message
      if (message.id === undefined) for (const listen of this.#listeners) listen(message)
      else this.#waiting.get(message.id)?.(message)
    }
  }
}

/** One tab. */
export class Page {
  /** Addresses that were asked for. */
  readonly requests: string[] = []
  /** Errors, warnings and everything written to the console. */
  readonly complaints: string[] = []
  readonly loaded: Promise<void>
  #onLoad: () => void = () => {}
  readonly #browser: Browser
  readonly #session: string

  constructor(browser: Browser, session: string) {
    this.#browser = browser
    this.#session = session
    this.loaded = new Promise((resolve) => {
      this.#onLoad = resolve
    })
  }

  send(method: string, params: Readonly<Record<string, unknown>> = {}) {
    return this.#browser.send(method, params, this.#session)
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.send('Runtime.evaluate', { expression, returnByValue: true })
    return (result as { readonly value: T }).value
  }

  hear({ method, params, sessionId }: Message): void {
    if (sessionId !== this.#session) return
    if (method === 'Page.loadEventFired') this.#onLoad()
    if (method === 'Network.requestWillBeSent') {
      const { request } = params as { readonly request: { readonly url: string } }
      this.requests.push(request.url)
    }
    if (['Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Log.entryAdded'].includes(method ?? ''))
      this.complaints.push(JSON.stringify(params))
  }
}
