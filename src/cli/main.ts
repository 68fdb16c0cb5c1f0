import { enableCompileCache } from 'node:module'

// Half of a fast run is starting Node: compiled code is kept between runs.
enableCompileCache()

const { ProvisionError } = await import('../errors.ts')
const { program } = await import('./program.ts')

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
