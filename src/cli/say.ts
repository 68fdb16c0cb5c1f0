/** A line for people: on standard output, unless that is for a program to read. */
export function say({ output }: { readonly output: string }, text: string): void {
  const stream = output === 'json' || output === 'junit' ? process.stderr : process.stdout
  stream.write(`${text}\n`)
}
