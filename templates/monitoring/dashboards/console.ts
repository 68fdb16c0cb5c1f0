import type { Board, Panel } from './grafana.ts'

/**
 * The same board as a console of Prometheus itself, for who has no Grafana: its own graphs (PromConsole, in every build with the
 * classic pages). `?instance=h1` shows one host. Source: prometheus.io/docs/visualization/consoles.
 */
export function consolePage(board: Board, boards: readonly Board[]): string {
  const links = boards.map(({ uid, title }) =>
    uid === board.uid ? `<b>${title}</b>` : `<a href="${uid}.html">${title}</a>`,
  )
  return `{{/* Written by provision (role monitoring). */}}
<!doctype html>
<html>
<head>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>${board.title}</title>
<link rel="stylesheet" href="{{ pathPrefix }}/classic/static/rickshaw/rickshaw.min.css">
<link rel="stylesheet" href="{{ pathPrefix }}/classic/static/css/prom_console.css">
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; color: #222 }
  nav a, nav b { margin-right: 1em }
  main { display: flex; flex-wrap: wrap; gap: 1em 2em }
  section { flex: 0 1 420px } section.stat { flex: 0 0 180px }
  h2 { font-size: 14px; margin: 0 } .stat p { font-size: 28px; margin: 0 }
  .prom_graph_table { width: 100%; position: static } .rickshaw_legend { background: none; color: inherit; max-height: 7em; overflow: auto }
</style>
<script>const PATH_PREFIX = "{{ pathPrefix }}"</script>
<script src="{{ pathPrefix }}/classic/static/d3/d3.min.js"></script>
<script src="{{ pathPrefix }}/classic/static/rickshaw/rickshaw.min.js"></script>
<script src="{{ pathPrefix }}/classic/static/js/prom_console.js"></script>
</head>
<body>
<nav><a href="index.html">Overview</a>${links.join('')}</nav>
<h1>${board.title}</h1>
<main>
${board.panels.map(section).join('\n')}
</main>
</body>
</html>
`
}

function section(panel: Panel, i: number): string {
  const exprs = Object.values(panel.queries)
  const heading = `<h2>${panel.title}</h2>`
  if (panel.kind === 'stat')
    return `<section class="stat">${heading}<p>{{ range query ${JSON.stringify(exprs[0])} }}{{ ${panel.unit === 's' ? 'humanizeDuration' : 'humanize'} .Value }}{{ end }}</p></section>`
  const { units, format } = unitOf[panel.unit] ?? { units: '', format: 'humanize' }
  const graph = {
    expr: exprs.map((expr) => expr.replaceAll('$instance', '\u0000')),
    name: Object.keys(panel.queries).map((text) => text.replaceAll(/\{\{(\w+)\}\}/g, '[[ $1 ]]')),
    min: 0,
    width: 340,
    xTitle: '',
    yUnits: units,
  }
  // What the page is asked for is one word of the inventory, or all.
  const text = JSON.stringify(graph).replaceAll('\\u0000', '" + instance + "')
  return `<section>${heading}<div id="g${i}"></div>
<script>{ const instance = {{ or .Params.instance ".*" }}
new PromConsole.Graph({ ...${text}, node: document.getElementById("g${i}"), yAxisFormatter: (n) => n && PromConsole.NumberFormatter.${format}(n) }) }</script></section>`
}

/** Grafana's units as PromConsole has them. */
const unitOf: Readonly<Record<string, { readonly units: string; readonly format: string }>> = {
  none: { units: '', format: 'humanizeNoSmallPrefix' },
  bytes: { units: 'B', format: 'humanize1024' },
  Bps: { units: 'B/s', format: 'humanize1024' },
  ops: { units: '/s', format: 'humanizeNoSmallPrefix' },
  percentunit: { units: '', format: 'humanizeNoSmallPrefix' },
  s: { units: 's', format: 'humanize' },
}
