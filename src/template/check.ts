import { type Failure, inputErrors } from '../errors.ts'

/** As much of JSON Schema as the views of templates use. */
export interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
}

/** The frames that `{{#each}}` and `{{#with}}` open; the last is `this`. */
type Frames = readonly Schema[]

/**
 * Resolves every path of a template against the schema of what it is given. Handlebars' own `strict` is not enough:
 * it still renders `{{#each missing}}` as nothing and `{{#unless a.missing}}` as true.
 */
export function checkTemplate(program: hbs.AST.Program, view: object, file: string): Uses {
  const findings: Findings = { file, failures: [], uses: new Map() }
  visit(program, [view as Schema], findings)
  if (findings.failures.length > 0) throw inputErrors(findings.failures)
  return findings.uses
}

/** Where a template first uses a part of its view: `templates/x.hbs:3:12`, by the part's schema. */
export type Uses = ReadonlyMap<object, string>

interface Findings {
  readonly file: string
  readonly failures: Failure[]
  readonly uses: Map<object, string>
}

function visit(node: hbs.AST.Node, frames: Frames, findings: Findings): void {
  switch (node.type) {
    case 'Program':
      for (const child of (node as hbs.AST.Program).body) visit(child, frames, findings)
      return
    case 'MustacheStatement':
      resolve((node as hbs.AST.MustacheStatement).path, frames, findings)
      return
    case 'BlockStatement':
      block(node as hbs.AST.BlockStatement, frames, findings)
      return
    case 'ContentStatement':
    case 'CommentStatement':
      return
    default:
      findings.failures.push({ where: at(node, findings), what: `${node.type} is not used in our templates` })
  }
}

function block(node: hbs.AST.BlockStatement, frames: Frames, findings: Findings): void {
  const helper = (node.path as hbs.AST.PathExpression).original
  const [argument] = node.params
  if (!['each', 'with', 'if', 'unless'].includes(helper) || !argument) {
    const known = 'known here: each, with, if, unless'
    findings.failures.push({ where: at(node, findings), what: `{{#${helper}}} is not a helper; ${known}` })
    return
  }
  const subject = resolve(argument, frames, findings)
  const inner = helper === 'each' ? (subject?.items ?? first(subject?.patternProperties)) : subject
  const opened = helper === 'each' || helper === 'with' ? [...frames, inner ?? {}] : frames
  if (subject || helper === 'if' || helper === 'unless') visit(node.program, opened, findings)
  if (node.inverse) visit(node.inverse, frames, findings)
}

function resolve(node: hbs.AST.Node, frames: Frames, findings: Findings): Schema | undefined {
  if (node.type !== 'PathExpression') return {}
  const path = node as hbs.AST.PathExpression
  if (path.data) return {} // @index, @key, @last
  let schema = frames[frames.length - 1 - path.depth]
  for (const part of path.parts as readonly string[]) {
    const known = schema?.properties
    const next = known?.[part] ?? first(schema?.patternProperties)
    if (!next) {
      const names = known ? Object.keys(known).join(', ') : 'nothing'
      findings.failures.push({
        where: at(node, findings),
        what: `{{${path.original}}} is not in the view; known here: ${names}`,
      })
      return undefined
    }
    schema = next
  }
  if (schema && !findings.uses.has(schema)) findings.uses.set(schema, at(node, findings))
  return schema
}

function first(of: Readonly<Record<string, Schema>> | undefined): Schema | undefined {
  return of && Object.values(of)[0]
}

function at(node: hbs.AST.Node, { file }: Findings): string {
  return `${file}:${node.loc.start.line}:${node.loc.start.column + 1}`
}
