/** Reads what `tail -v -n +1 FILES` printed: content by path. A file that is not there is left out. */
export function parseTail(text: string): ReadonlyMap<string, string> {
  const [, ...parts] = text.split(/^==> (\S+) <==\n/m)
  const files = new Map<string, string>()
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [path = '', content = ''] = parts.slice(i, i + 2)
    // tail puts an empty line before the next header.
    const isLast = i + 2 >= parts.length
    files.set(path, isLast ? content : content.replace(/\n$/, ''))
  }
  return files
}
