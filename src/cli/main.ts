import { ProvisionError } from '../errors.ts'
import { program } from './program.ts'

try {
  await program.parseAsync()
  // What an interrupted look has left open (a connection that is being made) keeps nobody waiting.
  if (process.exitCode === 130) process.exit(130)
} catch (error) {
  if (error instanceof ProvisionError) {
    console.error(error.message)
    process.exitCode = error.exitCode
    if (error.exitCode === 130) process.exit(130)
  } else {
    console.error('This is a bug in provision:', error)
    process.exitCode = 1
  }
}
