import { visible } from './words.ts'

/** Markup that is ours. Only `html` makes it; everything else is text and is escaped. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Markup | false | undefined | readonly Part[]

/** A piece of HTML: what is put in is text, unless it was made by `html` itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.map((string, i) => string + (i < parts.length ? rendered(parts[i]) : '')).join(''),
  )
}

function rendered(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Markup) return part.text
  if (Array.isArray(part)) return part.map(rendered).join('')
  return asText(visible(String(part)))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function asText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => entities[c] ?? c)
}
