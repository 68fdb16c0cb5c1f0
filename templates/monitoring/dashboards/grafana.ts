/** A graph, or with `kind: 'stat'` one number: a title, a unit of Grafana's, and queries with the text of their legend. */
export interface Panel {
  readonly title: string
  readonly unit: string
  readonly queries: Readonly<Record<string, string>>
  readonly kind?: 'timeseries' | 'stat'
  /** Columns of 24. Default: 8 for a graph, 4 for a number. */
  readonly width?: number
}

export interface Board {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
}

const datasource = { type: 'prometheus', uid: '$datasource' }

/** As Grafana imports it (schema 39: version 10.4 and newer); which Prometheus it asks is chosen on its page. */
export function dashboard({ uid, title, panels }: Board): object {
  return {
    uid: `provision-${uid}`,
    title,
    tags: ['provision'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    timezone: 'utc',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    annotations: { list: [] },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0 },
        {
          name: 'instance',
          label: 'Host',
          type: 'query',
          datasource,
          query: { query: 'label_values(up{job="node"}, instance)', refId: 'instance' },
          refresh: 2,
          includeAll: true,
          multi: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: placed(panels),
  }
}

/** From left to right, the next row where one is full. */
function placed(panels: readonly Panel[]): readonly object[] {
  let [x, y, row] = [0, 0, 0]
  return panels.map((panel, i) => {
    const isStat = panel.kind === 'stat'
    const [w, h] = [panel.width ?? (isStat ? 4 : 8), isStat ? 4 : 8]
    if (x + w > 24) [x, y, row] = [0, y + row, 0]
    const gridPos = { x, y, w, h }
    x += w
    row = Math.max(row, h)
    return {
      id: i + 1,
      type: panel.kind ?? 'timeseries',
      title: panel.title,
      datasource,
      gridPos,
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      options: isStat
        ? { reduceOptions: { calcs: ['lastNotNull'], values: false }, colorMode: 'value' }
        : {
            legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
      targets: Object.entries(panel.queries).map(([legendFormat, expr], n) => ({
        refId: String.fromCharCode(65 + n),
        datasource,
        expr,
        legendFormat,
      })),
    }
  })
}
