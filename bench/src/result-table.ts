import type { BenchResult } from './bench-result.js';

type Column = readonly [title: string, cell: (result: BenchResult) => string];

const figure = (value: number | undefined): string =>
  value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(1);
const times = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(2)} ×`);

const COLUMNS: readonly Column[] = [
  ['what', ({ name }) => name],
  ['unit', ({ unit }) => unit],
  ['ours', ({ ours }) => figure(ours)],
  ['peer', ({ peerName }) => peerName],
  ['peer’s', ({ peer }) => figure(peer)],
  ['ratio', ({ ratio }) => times(ratio)],
  ['limit', ({ limit }) => figure(limit)],
  ['over limit', ({ overLimit }) => times(overLimit)],
  ['goal', ({ goal }) => goal ?? ''],
  ['', ({ met }) => (met === undefined ? '' : met ? 'met' : 'MISSED')],
];

/** The results as one table of plain text. */
export function resultTable(results: readonly BenchResult[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...results.map((result) => COLUMNS.map(([, cell]) => cell(result))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines.join('\n');
}
