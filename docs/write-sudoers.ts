/** Writes the sudoers lines of firewall-audit.md from the audit's own commands: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sudoers } from '../src/audit/questions.ts'

const file = join(import.meta.dirname, 'firewall-audit.md')

/** The document with the lines as the audit needs them. */
export function withSudoers(text: string): string {
  return text.replace(
    /<!-- sudoers -->[\s\S]*<!-- \/sudoers -->/,
    () => `<!-- sudoers -->\n\`\`\`\n${sudoers('audit')}\`\`\`\n<!-- /sudoers -->`,
  )
}

if (import.meta.main) writeFileSync(file, withSudoers(readFileSync(file, 'utf8')))
