import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface CodeBlock {
  language: string;
  lines: string[];
}

export interface Markdown {
  /** The depth of each heading. */
  headings: number[];
  code: CodeBlock[];
  /** Tables, as rows of cells without their head, `\|`, `\<` and code marks resolved. */
  tables: string[][][];
  /** Targets of links. */
  links: string[];
}

const repository = new URL('../../', import.meta.url);

const cellsOf = (line: string): string[] =>
  line
    .slice(2, -2)
    .split(/ (?<!\\)\| /)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replaceAll('\\<', '<')
        .replace(/^`([^`]*)`$/, '$1'),
    );

/** A document of the repository, taken apart. */
export function readMarkdown(name: string): Markdown {
  const text = readFileSync(fileURLToPath(new URL(name, repository)), 'utf8');
  const parts = text.split(/^```(.*)\n([\s\S]*?)^```$/m);
  const code: CodeBlock[] = [];
  for (let index = 1; index < parts.length; index += 3) {
    const lines = (parts[index + 1] as string).split('\n').filter((line) => line !== '');
    code.push({ language: parts[index] as string, lines });
  }
  const prose = parts.filter((_, index) => index % 3 === 0).join('\n');
  const tables = [...prose.matchAll(/^\|.*\|\n\|[ -|]*\|\n((?:\|.*\|\n)+)/gm)].map(([, rows]) =>
    (rows as string).trimEnd().split('\n').map(cellsOf),
  );
  const headings = [...prose.matchAll(/^(#+) /gm)].map(([, marks]) => (marks as string).length);
  const links = [...prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target as string);
  return { headings, code, tables, links };
}
