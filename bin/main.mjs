// Plain JavaScript, and the cache before all else: with it Node loads no type stripper (70 ms of a start of 300).
import * as nodeModule from 'node:module'

// What follows would end in a syntax error there: `using` is understood since Node 24.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`provision needs Node 24 or newer; this is ${process.version}
  → npx provision …, in its folder, takes the one that npm ci has installed there`)
  process.exit(4)
}
nodeModule.enableCompileCache()
await import('../src/cli/main.ts')
