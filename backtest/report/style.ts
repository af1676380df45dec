/** The report's style: light and dark as the reader's system is, narrow and wide, and on paper. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #5c6570; --paper: #ffffff; --line: #d8dde3; --bar: #3b6ea8; --mark: #b3261e; --soft: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --quiet: #9aa4af; --paper: #14171a; --line: #333a41; --bar: #6ea3dd; --mark: #ff8a80; --soft: #1d2125; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 4px; padding-top: 16px; border-top: 1px solid var(--line); }
p { margin: 4px 0 12px; max-width: 80ch; }
a { color: var(--bar); }
.quiet, caption .quiet, figcaption { color: var(--quiet); font-weight: normal; }
.warning { border-left: 4px solid var(--mark); padding: 8px 12px; background: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0 20px; }
.figures div { background: var(--soft); border-radius: 6px; padding: 10px 16px; min-width: 130px; display: flex; flex-direction: column-reverse; }
.figures dt { color: var(--quiet); font-size: 13px; }
.figures dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
td, .name { overflow-wrap: anywhere; }
.alarms td[data-label="Addresses"] { min-width: 18ch; }
.number { text-align: right; padding-right: 24px; font-variant-numeric: tabular-nums; white-space: nowrap; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
figure { margin: 8px 0 16px; }
figure svg { width: 100%; height: auto; display: block; }
.bar { fill: var(--bar); }
.mark { fill: var(--mark); }
.axis { stroke: var(--line); }
.tick { fill: var(--quiet); font-size: 11px; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 40px; align-items: start; }
.shares .share { width: 30%; }
.shares .share svg { width: 100%; height: 10px; display: block; margin-top: 6px; }
.severity { font-size: 12px; font-weight: 600; letter-spacing: .03em; padding: 1px 7px; border-radius: 4px; border: 1px solid var(--line); color: var(--quiet); vertical-align: middle; white-space: nowrap; }
.severity.critical, .severity.high { color: var(--mark); border-color: var(--mark); }
.path, code { font-family: ui-monospace, monospace; font-size: 13px; overflow-wrap: anywhere; }
.problems .path { width: 45%; }
@media (max-width: 720px) {
  .columns { grid-template-columns: 1fr; }
  figure { overflow-x: auto; }
  figure svg { min-width: 640px; }
  table { font-size: 13px; }
  th, td { padding-right: 8px; }
  .number { padding-right: 12px; }
  .severity { padding: 0 3px; font-size: 10px; letter-spacing: 0; }
  .alarms thead { display: none; }
  .alarms tr { display: block; border-bottom: 1px solid var(--line); padding: 6px 0; }
  .alarms td { display: grid; grid-template-columns: 84px 1fr; border: 0; padding: 1px 0; text-align: left; white-space: normal; }
  .alarms td::before { content: attr(data-label); color: var(--quiet); }
  .problems thead { display: none; }
  .problems tr { display: grid; grid-template-columns: 84px 1fr; border-bottom: 1px solid var(--line); padding: 4px 0; }
  .problems td { border: 0; padding: 1px 0; text-align: left; }
  .problems .path { width: auto; grid-column: 1 / -1; }
  .problems .number { color: var(--quiet); }
  .problems .number:not(:empty)::before { content: 'at '; }
}
@media print { h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
`;
