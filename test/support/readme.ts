import type { Markdown } from './markdown.ts';

/** The tables of the README, in either language, in the order in which they stand. */
export const TABLES = [
  'commands',
  'options',
  'sharing',
  'troubles',
  'revisions',
  'settings',
  'roots',
  'files',
  'engines',
  'failures',
] as const;

export type Table = (typeof TABLES)[number];

/** The rows of that table. Throws if there is none. */
export function rowsOf({ tables }: Pick<Markdown, 'tables'>, name: Table): string[][] {
  const rows = tables[TABLES.indexOf(name)];
  if (!rows) throw new Error(`no table ${name}`);
  return rows;
}
