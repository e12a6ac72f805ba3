import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { BENCHES } from './benches.js';
import { atLeast, atMost, beside, median, percentile } from './figure.js';

const page = fileURLToPath(new URL('../../docs/reference/benchmarks.md', import.meta.url));

/** `npm run bench`, once everything is built. */
async function bench(...args: string[]) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url)), ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

describe('npm run bench', () => {
  it('prints one line of JSON per figure with --json, and leaves the page alone with --short', async () => {
    const before = existsSync(page) && readFileSync(page, 'utf8');
    const { code, stdout, stderr } = await bench('mesh', '--short', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('mesh ...') });
    const figures = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) {
      expect(Object.keys(figure)).toEqual(['bench', 'figure', 'value', 'goal', 'unit', 'ok']);
      expect(figure).toMatchObject({
        bench: 'mesh',
        figure: expect.any(String),
        unit: expect.any(String),
        ok: expect.any(Boolean),
      });
      expect(Number.isFinite(figure.value)).toBe(true);
      expect(figure.goal === null || Number.isFinite(figure.goal)).toBe(true);
    }
    expect(existsSync(page) && readFileSync(page, 'utf8')).toBe(before);
  }, 120_000);

  it('refuses a bench that there is not, by naming those there are', async () => {
    expect(await bench('speed')).toMatchObject({ code: 2, stderr: expect.stringContaining(Object.keys(BENCHES).join(', ')) });
  }, 30_000);

  it('knows every bench that is written, and what each does not measure', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => /\.ts$/.test(file) && !/\.spec\.ts$/.test(file));
    const written = files.filter((file) => /^const BENCH = '/m.test(readFileSync(new URL(file, import.meta.url), 'utf8')));
    expect(written.map((file) => file.replace('.ts', '')).toSorted()).toEqual(Object.keys(BENCHES).toSorted());
    for (const { about, notMeasured } of Object.values(BENCHES)) expect(about && notMeasured).toBeTruthy();
  });
});

describe('a figure', () => {
  it('is ok when it meets its goal', () => {
    expect(atLeast('b', 'f', 0.6, 0.6).ok).toBe(true);
    expect(atLeast('b', 'f', 0.59, 0.6).ok).toBe(false);
    expect(atMost('b', 'f', 20, 20, 'ms').ok).toBe(true);
    expect(atMost('b', 'f', 20.1, 20, 'ms').ok).toBe(false);
    expect(beside('b', 'f', 1e9, 'MB')).toMatchObject({ goal: null, ok: true });
  });
  it('of several measurements is the middle, or the nearest rank', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99)).toBe(10);
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  });
});
