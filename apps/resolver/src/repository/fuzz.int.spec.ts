import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson, type Json, type JsonObject } from '@slipway/contracts';
import { seeded } from '@slipway/mesh/testing';
import { readResource } from '@slipway/solver/resolution';
import { PackageRefused, readPackage } from './package-source.js';

/** A failure prints the seed; SLIPWAY_SEED replays it, SLIPWAY_FUZZ says how many definitions are tried. */
const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 2 ** 31);
const COUNT = Number(process.env['SLIPWAY_FUZZ'] ?? 150);

const GOOD: JsonObject = {
  name: 'a',
  version: '1.0.0',
  type: 'instance',
  shared: false,
  dependencies: ['b@^1.0.0'],
  capabilities: [{ namespace: 'web', attributes: { port: 80, 'size:Version': '1.2' }, uses: [] }],
  requirements: [
    { namespace: 'db', name: 'db', filter: '(&(version>=2)(!(edition=trial)))', attributes: { engine: 'x' }, amount: 2 },
  ],
  spec: {
    command: ['node', 'x'],
    environment: { PORT: '${port}', DB: '${db.url}' },
    health: { path: '/' },
    secrets: { key: { bytes: 32 } },
  },
};
/** What hostile or careless people put where something else belongs. */
const ODD: Json[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    1.5,
    '',
    ' ',
    'a',
    '1..2',
    '*',
    '${',
    '${port',
    '../..',
    '\u0000',
    '\u202e',
    '𝒳',
    'x'.repeat(5_000),
  ],
  ...['(', '(&)', '(a=*)', '((((', '(!'.repeat(900), '[1,2)', 'latest', '__proto__', 'constructor', '-0', 'NaN', '\ud800'],
  ...[[], {}, [[]], [null], [{}], { '': '' }, { a: { b: {} } }, { toString: 1 }, JSON.parse('{"__proto__":{"x":1}}') as Json],
];

const NAMES = ['colour', '', 'a.b', '0', '__proto_', 'x'.repeat(500), 'toString', 'constructor', 'name ', 'spec'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The same with something odd in one place, under a field that is there or one that is not. */
function disturbed(value: Json, random: () => number): Json {
  const any = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const isLeaf = value === null || typeof value !== 'object';
  if (isLeaf || random() < 0.1) return any(ODD);
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.3) return [...value, any(ODD)];
    const at = Math.floor(random() * value.length);
    return value.map((one, index) => (index === at ? disturbed(one, random) : one));
  }
  const fields = Object.keys(value);
  if (fields.length === 0 || random() < 0.1) return { ...value, [any(NAMES)]: any(ODD) };
  const field = any(fields);
  if (random() < 0.05) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === field ? disturbed(one, random) : one]));
}

describe(`${COUNT} of them (SLIPWAY_SEED=${seed})`, () =>
  test('disturbed definitions are refused clearly, or taken as they are and can be resolved', async () => {
    const random = seeded(seed);
    let taken = 0;
    for (let count = 0; count < COUNT; count += 1) {
      let definition: Json = GOOD;
      for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) definition = disturbed(definition, random);
      const text = JSON.stringify({ name: 'p', version: '1.0.0', definitions: [definition] });
      for (const file of ['p.json', 'p.yaml']) await writeFile(join(folder, file), text);
      const [json, yaml] = await Promise.all(['p.json', 'p.yaml'].map((file) => verdict(file)));
      const about = `seed ${seed}, definition ${count}: ${text.slice(0, 2_000)}`;
      expect([
        about,
        json!.refused?.every((reason) => reason.length > 3 && !/undefined|\[object|call stack/.test(reason)) ?? true,
      ]).toEqual([about, true]);
      // JSON is YAML: whichever of both it is called, the same is said.
      expect([about, yaml!.refused === undefined]).toEqual([about, json!.refused === undefined]);
      if (json!.refused) continue;
      taken += 1;
      expect([about, canonicalJson(json!.definition!)]).toEqual([about, canonicalJson(definition)]);
      expect(() => readResource(json!.definition as never)).not.toThrow();
    }
    expect(({} as { x?: number }).x).toBeUndefined();
    // Else it would show nothing.
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(COUNT);
  }, 120_000));

/** What is said of it; anything else than a refusal that is thrown is a fault of ours. */
async function verdict(file: string): Promise<{ refused?: string[]; definition?: Json }> {
  try {
    const { definitions } = await readPackage(folder, { entry: file, file });
    return { definition: definitions[0] as unknown as Json };
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return { refused: error.problems.map(({ reason }) => reason) };
  }
}
