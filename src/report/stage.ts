import { Listr, type ListrTask } from 'listr2'

/** One line of a stage: a host. */
export interface Row {
  say(text: string): void
  /** Ends the row; the first end counts. */
  end(outcome: 'done' | 'failed', text: string): void
}

/** Hosts side by side on a terminal, each a line that changes until it ends. */
export interface Stage {
  row(host: string): Row | undefined
  /** Draws until every row has ended; `stop` ends those that are left. */
  run(): Promise<void>
  stop(): void
}

export function createStage(title: string, hosts: readonly string[]): Stage {
  const rows = new Map(hosts.map((host) => [host, createRow(host)]))
  return {
    row: (host) => rows.get(host),
    async run() {
      const tasks = [...rows.values()].map((row) => row.task)
      const listr = new Listr([{ title, task: (_, task) => task.newListr(tasks, { concurrent: true }) }], {
        concurrent: true,
        exitOnError: false,
        // Ctrl-C is the run's own affair: it finishes the step in hand.
        registerSignalListeners: false,
        rendererOptions: {
          collapseSubtasks: false,
          collapseErrors: false,
          showErrorMessage: false,
          formatOutput: 'truncate',
        },
      })
      await listr.run()
    },
    stop() {
      for (const row of rows.values()) row.end('done', '')
    },
  }
}

function createRow(host: string): Row & { readonly task: ListrTask } {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // A row may end before its stage is drawn: that is no unhandled rejection.
  promise.catch(() => {})
  const began = performance.now()
  let title = host
  let text = ''
  let isOver = false
  let show = (_: string) => {}
  const draw = (isRunning: boolean) => {
    const elapsed = Math.floor((performance.now() - began) / 1000)
    title = [host, text, isRunning && elapsed > 1 ? `${elapsed} s` : ''].filter(Boolean).join('  ')
    show(title)
  }
  return {
    say(said) {
      if (isOver) return
      text = said
      draw(true)
    },
    end(outcome, said) {
      if (isOver) return
      isOver = true
      text = said || text
      draw(false)
      if (outcome === 'done') resolve()
      else reject(new Error(text))
    },
    task: {
      title,
      async task(_, task) {
        show = (line) => {
          task.title = line
        }
        show(title)
        const ticking = setInterval(() => draw(true), 1000)
        await promise.finally(() => clearInterval(ticking))
      },
    },
  }
}
