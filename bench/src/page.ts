import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BENCHES } from './benches.js';
import type { Figure } from './figure.js';

const file = fileURLToPath(new URL('../../docs/reference/benchmarks.md', import.meta.url));

const HEAD = `# Benchmarks

Written by \`npm run bench\`. Each ratio was measured side by side in one run on one machine, because machines are shared and
noisy: compare ratios, not absolute figures. \`npm run bench -- <name>\` measures one again, \`--short\` is what CI runs,
\`--json\` prints a line per figure.
`;

/** Brings the measured benches' sections up to date; sections of benches that did not run stay as they were. */
export function writePage(figures: Figure[]): void {
  const sections = existing();
  for (const name of new Set(figures.map((figure) => figure.bench)))
    sections.set(
      name,
      section(
        name,
        figures.filter((figure) => figure.bench === name),
      ),
    );
  const ordered = Object.keys(BENCHES).flatMap((name) => sections.get(name) ?? []);
  writeFileSync(file, `${HEAD}\n${ordered.join('\n')}`);
}

function existing(): Map<string, string> {
  if (!existsSync(file)) return new Map();
  const parts = readFileSync(file, 'utf8')
    .split(/^(?=## )/m)
    .slice(1);
  return new Map(parts.map((part) => [/^## (\S+)/.exec(part)![1]!, `${part.trimEnd()}\n`]));
}

function section(name: string, figures: Figure[]): string {
  const { about, notMeasured } = BENCHES[name]!;
  const rows = figures.map(
    ({ figure, value, goal, unit, ok }) =>
      `| ${figure} | ${Number(value.toPrecision(3))} ${unit} | ${goal ?? ''} | ${goal === null ? '' : ok ? 'met' : '**missed**'} |`,
  );
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  }).trim();
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  return [
    `## ${name}`,
    '',
    about,
    '',
    '| figure | value | goal | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...figures.flatMap(({ figure, examples }) =>
      examples ? [`The shortest, ${figure}:`, '', ...examples.map((one) => `- \`${one}\``), ''] : [],
    ),
    `Not measured: ${notMeasured}`,
    '',
    `Measured ${new Date().toISOString().slice(0, 10)} at ${commit} on ${machine}.`,
    '',
  ].join('\n');
}
