/** A name as SQL reads it, whatever is in it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as SQL reads it. Relies on `standard_conforming_strings`, which is pinned (session.ts). */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
