/** `npm run bench [-- <name>] [--short] [--json]`: ratios measured side by side in one run, with the goal beside each. */
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.js';
import type { Figure } from './figure.js';
import { writePage } from './page.js';
import { Skipped } from './skipped.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const names = Object.keys(BENCHES);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}; there are ${names.join(', ')}.\n`);
  process.exit(2);
}

const say = (line: string) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const figures: Figure[] = [];
for (const name of positionals.length ? positionals : names) {
  say(`${name} ...`);
  const measured = await BENCHES[name]!.run({ short: values.short }).catch((error: unknown) => {
    if (!(error instanceof Skipped)) throw error;
    say(`  skipped: ${error.message}`);
    return [];
  });
  figures.push(...measured);
  for (const figure of measured) {
    if (values.json) process.stdout.write(`${JSON.stringify(figure)}\n`);
    else
      say(
        `  ${figure.ok ? 'ok    ' : 'MISSED'} ${figure.figure}: ${round(figure.value)} ${figure.unit}${figure.goal === null ? '' : ` (goal ${figure.goal})`}`,
      );
    for (const example of values.json ? [] : (figure.examples ?? [])) say(`         ${example}`);
  }
}
// A short run is for CI and says little: the page holds full runs only.
if (!values.short) writePage(figures);
process.exit(0);

function round(value: number): number {
  return Number(value.toPrecision(3));
}
