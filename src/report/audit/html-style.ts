/** The look of the HTML report: system fonts, light and dark, narrow screens, paper. Nothing is loaded. */
export const style = `
:root { color-scheme: light dark;
  --back: #fff; --card: #f6f7f9; --line: #d9dde3; --text: #1b1f24; --soft: #5b6470;
  --critical: #b3122b; --high: #c2410c; --medium: #8a6100; --low: #1f5fa8; --good: #16703a; --blocked: #86198f;
  --hole: #fde3e6; --wall: #f8e3fa; --doubt: #fdf2d0 }
@media (prefers-color-scheme: dark) { :root {
  --back: #111417; --card: #1a1f24; --line: #343b44; --text: #e6e9ed; --soft: #9aa4b0;
  --critical: #ff7b8a; --high: #ff9d5c; --medium: #e8c04d; --low: #7db8ff; --good: #6fd694; --blocked: #e79cf0;
  --hole: #4a1620; --wall: #43174a; --doubt: #43370f } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.35rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 0 } p { margin: .25rem 0 } .soft { color: var(--soft); font-size: .875rem }
code, pre { font: .8125rem/1.5 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
.verdict { border-left: .4rem solid var(--critical); background: var(--card); padding: .6rem .9rem; margin: .75rem 0 }
.verdict.good { border-color: var(--good) } .verdict strong { font-size: 1.1rem }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; margin: .5rem 0 0; list-style: none }
.chip, .id { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .8125rem;
  white-space: nowrap }
.count { white-space: nowrap; margin-right: .3rem }
.critical { color: var(--critical) } .high { color: var(--high) } .medium { color: var(--medium) }
.low { color: var(--low) }
.finding { border: 1px solid var(--line); border-left: .3rem solid currentColor; border-radius: .25rem;
  padding: .6rem .9rem; margin: .75rem 0; background: var(--card) }
.finding > * { color: var(--text) } .finding > header { color: inherit; display: flex; flex-wrap: wrap; gap: .2rem .6rem;
  align-items: center } .finding h3 { color: var(--text) }
.seen { margin: .5rem 0 } .seen pre { margin: .25rem 0 0; padding: .5rem .6rem; background: var(--back);
  border: 1px solid var(--line); border-radius: .25rem; white-space: pre-wrap; overflow-wrap: anywhere }
.fix::before { content: '→ '; color: var(--good); font-weight: 700 }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .25rem }
table { border-collapse: collapse; width: 100%; font-size: .875rem; overflow-wrap: normal }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line) }
thead th { border-top: 0; font-weight: 600; white-space: nowrap; background: var(--card) }
tbody th { font-weight: 600; min-width: 6.5rem } .text { overflow-wrap: anywhere; min-width: 9rem }
.reach td { white-space: nowrap } .reach td.for { white-space: normal; min-width: 9rem; color: var(--soft) }
.reach tbody th { position: sticky; left: 0; background: var(--back); max-width: 11rem; border-right: 1px solid var(--line) }
.reach thead th:first-child { position: sticky; left: 0; z-index: 1; border-right: 1px solid var(--line) }
td small { display: block; font-weight: 400; white-space: normal; min-width: 5rem }
.reach th small { display: block; font-weight: 400; color: var(--soft) }
td.open { color: var(--good); font-weight: 600 } td.closed, td.none { color: var(--soft) }
td.exposed { background: var(--hole); color: var(--critical); font-weight: 700 }
td.blocked { background: var(--wall); color: var(--blocked); font-weight: 700 }
td.unknown { background: var(--doubt); color: var(--medium); font-weight: 700 }
@media (max-width: 40rem) { body { padding: .75rem } .reach th, .reach td { padding: .3rem .4rem }
  .reach tbody th { min-width: 5.5rem; max-width: 7.5rem } }
@media print { :root { color-scheme: light } body { max-width: none; padding: 0; font-size: 9pt }
  .wide { overflow: visible; border: 0 } .finding, tr { break-inside: avoid } h2 { break-after: avoid }
  .reach th, .reach td { padding: .15rem .3rem; font-size: 7.5pt; white-space: normal } .reach tbody th { position: static }
  * { print-color-adjust: exact } }
`
