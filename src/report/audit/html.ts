import { titleOf } from '../../audit/catalogue.ts'
import { type AuditReport, type Finding, severities } from '../../audit/finding.ts'
import { htmlMatrix } from './html-matrix.ts'
import { style } from './html-style.ts'
import { html, Markup } from './html-tag.ts'
import { byId, clip, counts, scope, some, unaudited, verdict } from './words.ts'

// Even if markup slipped in: nothing may run and nothing may be loaded.
const newline = new Markup('\n')

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

/** One file for a browser: no script, no request; for a phone, a screen and paper. */
export function auditHtml(report: AuditReport): string {
  const { at, inventory, findings } = report
  const isGood = findings.length === 0 && unaudited(report).length === 0
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<link rel="icon" href="data:,">
<title>Firewall audit: ${verdict(report)}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>Firewall audit</h1>
<p class="soft">${inventory} · ${at.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}</p>
<div class="verdict ${isGood && 'good'}">
<strong>${isGood ? '✔' : '✘'} ${verdict(report)}</strong>
<p class="soft">${scope(report)}</p>
${
  findings.length > 0 &&
  html`<ul class="chips">${counts(findings).map(([s, n]) => html`<li class="chip ${s}">${n} ${s}</li>`)}</ul>`
}
</div>
</header>
<main>
${hosts(report)}
${findings.length > 0 && html`<h2 id="findings">Findings</h2>`}
${severities.flatMap((severity) => byId(findings.filter((f) => f.severity === severity)).map(article))}
${report.matrix.length > 0 && htmlMatrix(report)}
${letBe(report)}
${report.hosts.map((h) => (h.diff ? html`<h2>Rules of ${h.name}: as they should be (-), as loaded (+)</h2>\n${pre(h.diff.split('\n'))}` : undefined))}
</main>
</body>
</html>
`.text
}

function hosts({ hosts, findings }: AuditReport): Markup {
  const count = (name: string) =>
    counts(findings.filter((f) => f.host === name)).map(
      ([s, n]) => html`<span class="count ${s}">${n} ${s}</span> `,
    )
  return html`<h2>Hosts</h2>
<div class="wide"><table>
<thead><tr><th>host</th><th>address</th><th>findings</th><th>rules</th></tr></thead>
<tbody>${hosts.map((h) =>
    h.failed === undefined
      ? html`\n<tr><th>${h.name}</th><td>${h.address}</td><td>${count(h.name)}</td><td>${h.rules}</td></tr>`
      : html`\n<tr><th class="critical">${h.name}</th><td>${h.address}</td><td class="text" colspan="2"><strong class="critical">could not be audited</strong>: ${clip(h.failed, 1000)}</td></tr>`,
  )}
</tbody></table></div>`
}

function article(same: readonly [Finding, ...Finding[]]): Markup {
  const [{ id, severity, meaning, fix }] = same
  return html`<article class="finding ${severity}">
<header><span class="id">${severity} ${id}</span><h3>${titleOf(id)}</h3></header>
<p>${prose(meaning)}</p>
${same.map(
  ({
    host,
    subject,
    level,
    evidence,
  }) => html`<div class="seen"><strong>${host}</strong> ${clip(subject, 300)} <span class="soft">(${level})</span>
${evidence.length > 0 && pre(some(evidence, 12))}</div>
`,
)}<p class="fix">${prose(fix)}</p>
</article>
`
}

function letBe({ waived, known }: AuditReport): Markup | undefined {
  if (waived.length + known.length === 0) return undefined
  const row = (f: Finding, why: string) =>
    html`\n<tr><th>${f.host}</th><td>${f.id}</td><td class="text">${clip(f.subject, 300)}</td><td class="text">${why}</td></tr>`
  return html`<h2>Let be</h2>
<div class="wide"><table>
<thead><tr><th>host</th><th>id</th><th>what</th><th>why</th></tr></thead>
<tbody>${waived.map((f) => {
    const { reason, until, owner } = f.waiver
    return row(f, `waived until ${until}: ${clip(reason, 300)}${owner ? ` (${clip(owner, 100)})` : ''}`)
  })}${known.map((f) => row(f, 'known from the baseline'))}
</tbody></table></div>`
}

function pre(lines: readonly string[]): Markup {
  return html`<pre>${lines.map((line, i) => html`${i > 0 && newline}${clip(line, 1000)}`)}</pre>`
}

/** What stands between backticks is code. */
function prose(text: string): readonly (Markup | string)[] {
  return text.split(/`([^`]+)`/).map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))
}
