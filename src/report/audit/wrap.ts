/** Lines of at most `width` columns; broken between words, or anywhere where a word is longer than a line. */
export function wrap(text: string, width: number, indent: string, later = indent): string {
  const lines: string[] = []
  let line = indent
  let isEmpty = true
  const flush = () => {
    lines.push(line)
    line = later
    isEmpty = true
  }
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) flush()
    let rest = isEmpty ? word : ` ${word}`
    while (line.length + rest.length > width) {
      const room = width - line.length
      line += rest.slice(0, room)
      rest = rest.slice(room)
      flush()
    }
    line += rest
    isEmpty = false
  }
  lines.push(line)
  return lines.join('\n')
}
