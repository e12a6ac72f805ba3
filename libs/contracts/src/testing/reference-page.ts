import { readFileSync } from 'node:fs';

const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** A page of docs/reference, for tests that hold it against the sources. */
export class ReferencePage {
  private readonly text: string;

  /** @param name of the page, without folder and ending */
  constructor(name: string) {
    this.text = readFileSync(new URL(`../../../../docs/reference/${name}.md`, import.meta.url), 'utf8');
  }

  /**
   * Rows of the first table whose first column is called `header`, behind the section's heading: the backticked words of each cell.
   */
  rows(heading: string, header: string): string[][][] {
    const from = heading === '' ? 0 : this.text.indexOf(`\n## ${heading}\n`.slice(0, -1));
    const lines = this.text.slice(from).split('\n');
    const first = lines.findIndex((line) => line.startsWith(`| ${header} |`)) + 2;
    if (from < 0 || first < 2) throw new Error(`The page has no table "${header}" behind "${heading}"`);
    return lines.slice(first, lines.indexOf('', first)).map((line) => line.split('|').slice(1, -1).map(words));
  }

  /** What such a table says in one column of each thing that it names in the first one; sorted. */
  table(heading: string, header: string, column: number): Map<string, string[]> {
    return new Map(this.rows(heading, header).map((cells) => [cells[0]![0]!, cells[column]!.toSorted()]));
  }

  /** All that such a table names in its first column. */
  named(heading: string, header: string): string[] {
    return this.rows(heading, header).flatMap((cells) => cells[0]!);
  }
}
