import { ProvisionError } from '../errors.ts'
import { program } from './program.ts'

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof ProvisionError) {
    console.error(error.message)
    process.exitCode = error.exitCode
  } else {
    console.error('This is a bug in provision:', error)
    process.exitCode = 1
  }
}
