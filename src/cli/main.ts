import { endingOf } from './ending.ts'
import { program } from './program.ts'

// Whoever reads us may go (`provision … | head`): a run goes on all the same, unseen.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
// A promise that a playbook has left alone ends like any other error.
process.on('unhandledRejection', (error) => {
  end(error)
  process.exit()
})

try {
  await program.parseAsync()
  // What an interrupted look has left open (a connection that is being made) keeps nobody waiting.
  if (process.exitCode === 130) process.exit(130)
} catch (error) {
  end(error)
}

function end(error: unknown): void {
  const { text, code } = endingOf(error)
  console.error(text)
  process.exitCode = code
  if (code === 130) process.exit(130)
}
