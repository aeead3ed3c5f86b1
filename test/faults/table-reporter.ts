import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import type { Row } from './line.ts';

const HEAD = ['#', 'engine', 'input', 'promised', 'seen'];

const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const order = (a: Row, b: Row): number =>
  Number(a.number.slice(1)) - Number(b.number.slice(1)) || a.engine.localeCompare(b.engine);

/** Prints what each line of the fault matrix promised and what was seen, and keeps it in `test/artefacts/faults.md`. */
export class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules
      .flatMap((module) => [...module.children.allTests()].map((test) => test.meta().row))
      .filter((row) => row !== undefined)
      .sort(order);
    const lines = [
      tableRow(HEAD),
      tableRow(HEAD.map(() => '---')),
      ...rows.map((row) => tableRow([row.number, row.engine, row.input, row.promised, row.seen])),
    ];
    const text = `${lines.join('\n')}\n`;
    const directory = join(import.meta.dirname, '..', 'artefacts');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'faults.md'), text);
    console.log(`\n${text}`);
  }
}
