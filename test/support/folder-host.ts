import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../src/model/host.ts'
import type { Transport } from '../../src/model/transport.ts'
import type { Script } from '../../src/shell/sh.ts'

/**
 * A host that is a folder: scripts are run by this machine's real `sh`, and what provision keeps on a host lies in the folder.
 * No root, no network; for the engine's own logic.
 */
export class FolderHost implements Transport {
  readonly host: Host
  readonly folder = mkdtempSync(join(tmpdir(), 'provision-host-'))
  /** Scripts that were run, and locks that were taken. */
  readonly told: string[] = []

  constructor(name: string) {
    this.host = {
      name,
      address: name,
      groups: [],
      vars: {},
      connection: { transport: 'local', become: false, hostKeys: [], connectTimeoutSeconds: 1 },
    }
    mkdirSync(join(this.folder, 'lib'))
    this.boot('first')
  }

  /** Another boot: what is in /run is gone. */
  boot(id: string): void {
    writeFileSync(join(this.folder, 'boot_id'), `${id}\n`)
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8')
  }

  #start(script: Script) {
    const text = script.text
      .replaceAll('/run/provision', join(this.folder, 'run'))
      .replaceAll('/var/lib/provision', join(this.folder, 'lib'))
      .replaceAll('/proc/sys/kernel/random/boot_id', join(this.folder, 'boot_id'))
    this.told.push(script.shown)
    const child = spawn('sh', ['-s'], { cwd: this.folder })
    return { child, text }
  }

  async exec(script: Script) {
    const { child, text } = this.#start(script)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.stdin.end(text)
    const [code] = (await once(child, 'close')) as [number]
    return { code, stdout, stderr }
  }

  async hold(script: Script) {
    const { child, text } = this.#start(script)
    const closed = once(child, 'close')
    child.stdin.write(`${text}\n`)
    const [data] = (await once(child.stdout, 'data')) as [Buffer]
    return {
      line: data.toString().split('\n')[0] ?? '',
      release: async () => {
        child.stdin.end()
        await closed
      },
    }
  }

  pipe(): never {
    throw new Error('no data goes through a folder')
  }

  fresh = async () => this
  async [Symbol.asyncDispose]() {}
}
