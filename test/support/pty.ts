import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..', '..')

/** A command line on a terminal of its own, as an operator has it. */
export interface OnTerminal {
  /** All that has been shown, control codes included. */
  text(): string
  /** Waits until it shows this; fails after 60 s with what it has shown. */
  until(words: string | RegExp): Promise<void>
  /** Presses keys; `\u0003` is Ctrl-C. */
  type(keys: string): void
  /** Sends the process itself a signal. */
  signal(name: NodeJS.Signals): void
  /** Closes the terminal's window. */
  hangUp(): void
  /** The exit code, once it has ended; null where the terminal was closed before. */
  readonly ended: Promise<number | null>
  /** Waits until the process is no more, whatever has become of its terminal. */
  gone(): Promise<void>
}

/** Runs `provision ARGS` on a terminal of 120 columns. */
export function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): OnTerminal {
  const words = [process.execPath, 'bin/main.mjs', ...args].map((word) => `'${word}'`).join(' ')
  const line = `stty cols 120 rows 40; echo "pid $$."; exec ${words}`
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.on('data', (data) => {
    shown += data
  })
  // The window may be closed while keys are pressed.
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  const pid = () => Number(/pid (\d+)\./.exec(shown)?.[1])
  const self: OnTerminal = {
    text: () => shown,
    async until(words) {
      const limit = performance.now() + 150_000
      const isThere = () => (typeof words === 'string' ? shown.includes(words) : words.test(shown))
      while (!isThere()) {
        if (performance.now() > limit) throw new Error(`never shown: ${words}\n${shown}`)
        await sleep(20)
      }
    },
    type: (keys) => child.stdin.write(keys),
    signal: (name) => process.kill(pid(), name),
    hangUp: () => child.kill('SIGKILL'),
    ended,
    async gone() {
      const limit = performance.now() + 150_000
      const lives = () => {
        try {
          process.kill(pid(), 0)
          return true
        } catch {
          return false
        }
      }
      while (lives()) {
        if (performance.now() > limit) throw new Error(`still there\n${shown}`)
        await sleep(20)
      }
    },
  }
  return self
}
