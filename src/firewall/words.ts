/** A word of a rule. What was quoted is never an option, whatever it looks like. */
export interface Word {
  readonly text: string
  readonly quoted: boolean
}

/** Splits a line as iptables-restore does. Undefined: a quote is open at its end. */
export function splitWords(line: string): readonly Word[] | undefined {
  // Most lines have no quotes, and a ruleset may have 20,000 lines.
  if (!line.includes('"'))
    return line.split(/[ \t]+/).flatMap((text) => (text === '' ? [] : [{ text, quoted: false }]))
  const words: Word[] = []
  let text = ''
  let isQuoted = false
  let isEscaped = false
  const end = (quoted: boolean) => {
    if (text !== '' || quoted) words.push({ text, quoted })
    text = ''
  }
  for (const character of line) {
    if (isQuoted && isEscaped) {
      text += character
      isEscaped = false
    } else if (isQuoted && character === '\\') isEscaped = true
    else if (character === '"') {
      // A closing quote ends the word, an opening one does not: so does iptables-restore read it.
      if (isQuoted) end(true)
      isQuoted = !isQuoted
    } else if (!isQuoted && (character === ' ' || character === '\t')) end(false)
    else text += character
  }
  end(false)
  return isQuoted ? undefined : words
}
