import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { root } from '@slipway/testing';
import ts from 'typescript';

const page = readFileSync(join(root, 'docs/reference/promises.md'), 'utf8');
/** What the benches measured, bench by bench: the rows that the last full run of each wrote. */
const measured = new Map(
  readFileSync(join(root, 'docs/reference/benchmarks.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [name = '', ...lines] = section.split('\n');
      return [
        `bench/src/${name}.ts`,
        lines.filter((line) => /^\| .* \|$/.test(line)).map((line) => line.split(' | ')[0]!.slice(2)),
      ];
    }),
);

/** Promises with what shows each: a file of tests, or a bench, with the titles or figures that it should have. */
const promises = page
  .split('\n')
  .filter((line) => /^\| (?!promise|---)/.test(line))
  .map((line) => {
    const [, promise = '', shown = ''] = /^\| (.*?) \| (.*) \|$/.exec(line) ?? [];
    const sources = [...shown.matchAll(/(?:\[[^\]]+\]\(\.\.\/\.\.\/([^)]+)\)|bench ([a-z-]+)): ((?:`[^`]+`(?:; (?=`))?)+)/g)];
    const proofs = sources.map(([, file, bench, titles = '']) => ({
      file: file ?? `bench/src/${bench}.ts`,
      callees: file === undefined ? ['atLeast', 'atMost', 'beside'] : ['it', 'test', 'describe', 'driverContract'],
      titles: [...titles.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
    }));
    return { promise, shown, proofs, understood: sources.map(([text]) => text).join('; ') };
  });

/** What the calls of these functions in a file are given as texts: titles of tests, names of figures. */
const texts = new Map<string, string[]>();
function textsIn(file: string, callees: readonly string[]): string[] {
  const known = texts.get(file);
  if (known) return known;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && callees.some((name) => calls(node.expression, name))) {
      for (const argument of node.arguments.slice(0, 2))
        if (ts.isStringLiteralLike(argument) || ts.isTemplateExpression(argument)) found.push(textOf(argument));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest));
  texts.set(file, found);
  return found;
}

/** Whether it is `it`, `it.each(…)`, `(condition ? it.skip : it)`; one that is always skipped shows nothing. */
function calls(callee: ts.Expression, name: string): boolean {
  if (ts.isIdentifier(callee)) return callee.text === name;
  if (ts.isParenthesizedExpression(callee)) return calls(callee.expression, name);
  if (ts.isConditionalExpression(callee)) return calls(callee.whenTrue, name) || calls(callee.whenFalse, name);
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text !== 'skip' && calls(callee.expression, name);
  return (
    (ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee)) &&
    calls('tag' in callee ? callee.tag : callee.expression, name)
  );
}

const textOf = (literal: ts.StringLiteralLike | ts.TemplateExpression): string =>
  ts.isStringLiteralLike(literal)
    ? literal.text
    : [literal.head.text, ...literal.templateSpans.map(({ literal: { text } }) => text)].join('${…}');

it('there are many', () => expect(promises.length).toBeGreaterThan(60));

it.each(promises)('each names tests and figures that exist: $promise', ({ shown, proofs, understood }) => {
  expect(understood).toBe(shown);
  for (const { file, callees, titles } of proofs) {
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    const known = textsIn(file, callees);
    const missing = titles.filter((title) => !known.some((text) => text.includes(title)));
    expect([file, missing]).toEqual([file, []]);
  }
});

const figures = promises.flatMap(({ proofs }) => proofs.filter(({ file }) => file.startsWith('bench/')));

it.each(figures)('what $file measures stands on the page: $titles', ({ file, titles }) => {
  const rows = measured.get(file) ?? [];
  const missing = titles.filter((title) => !rows.some((figure) => figure.includes(title)));
  expect([file, missing]).toEqual([file, []]);
});

it('a figure that was never measured would be missed', () => {
  expect(measured.get('bench/src/steps.ts')).toContainEqual(expect.stringContaining('steps per second, '));
  expect(measured.get('bench/src/steps.ts')).not.toContainEqual(expect.stringContaining('Not measured'));
});
