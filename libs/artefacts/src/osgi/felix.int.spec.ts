/** What bundles say is read as Apache Felix reads it: a peer, of which it is said here where it takes more. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Json } from '@slipway/contracts';
import { parseManifest } from '../jar/manifest.js';
import { bundleHeaders, manifestBytes } from '../testing/jar.js';
import { refusalOf, SEED } from '../testing/seed.js';
import { readBundle } from './bundle.js';
import type { Bundle, BundleCapability, BundleRequirement } from './wiring.js';

type Headers = Record<string, string>;

const FELIX = '/usr/share/java/org.apache.felix.framework.jar';
const missing = !existsSync(FELIX)
  ? 'libfelix-framework-java is not installed'
  : spawnSync('javac', ['-version']).status === 0
    ? undefined
    : 'no JDK on this machine';

/** What Felix reads in each. */
function felix(all: readonly Headers[]): string[] {
  const input = all
    .map(
      (headers) =>
        `${Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join('')}\n`,
    )
    .join('');
  const source = join(import.meta.dirname, '../testing/felix/FelixManifests.java');
  return execFileSync('java', ['-cp', FELIX, source], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] },
  })
    .trimEnd()
    .split('\n');
}

/** What we read, in Felix's words. */
function ours(headers: Headers): string {
  const read: { bundle?: Bundle } = {};
  const refusal = refusalOf(() => (read.bundle = readBundle(parseManifest(manifestBytes(Object.entries(headers))).main)));
  if (refusal !== undefined) return `no: ${refusal}`;
  return [...read.bundle!.capabilities.map(capability), ...read.bundle!.requirements.map(requirement)]
    .toSorted()
    .filter((one, at, all) => one !== all[at - 1])
    .join(' | ');
}

/** The same said in one way: what is meant anyway left out, operations of a filter in the order of their texts. */
const normal = (read: string): string =>
  read.startsWith('no: ')
    ? 'refused'
    : read
        .split(' | ')
        .map((one) =>
          one
            .replaceAll(/ (?:resolution:=mandatory|cardinality:=single|effective:=resolve)|\(bundle-version>=0\.0\.0\)/g, '')
            .replaceAll(/(?<=:=),+|,(?=,|$| effective:)|(?:, )+(?=\])/g, '')
            .replace(/\(&(\(.*\))\)/, (_whole, text: string) => {
              const operations = operationsOf(text).toSorted();
              return operations.length === 1 ? operations[0]! : `(&${operations.join('')})`;
            }),
        )
        .toSorted()
        .join('\n');

/** Operations that stand side by side. */
function operationsOf(text: string): string[] {
  const found: string[] = [];
  for (let at = 0, depth = 0, from = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(' && depth++ === 0) from = at;
    else if (text[at] === ')' && --depth === 0) found.push(text.slice(from, at + 1));
  }
  return found;
}

const inJava = (value: Json): string => (Array.isArray(value) ? `[${value.map(inJava).join(', ')}]` : String(value));

function capability({ namespace, attributes = {}, uses, mandatory, effective }: BundleCapability): string {
  const pairs = Object.entries(attributes).map(([name, value]) => [
    name.replace(/:.*/, ''),
    name.endsWith(':Double') ? asDouble(value) : inJava(value),
  ]);
  const sorted = pairs.toSorted(([a], [b]) => (a! < b! ? -1 : 1)).map(([name, value]) => `${name}=${value}`);
  return `capability ${namespace} {${sorted.join(', ')}}${said({ uses: uses?.join(), mandatory: mandatory?.join(), effective })}`;
}
const asDouble = (value: Json): string => (Number.isInteger(value) ? `${String(value)}.0` : String(value));

const requirement = ({ namespace, filter, resolution, cardinality, effective }: BundleRequirement): string =>
  `requirement ${namespace}${said({ filter, resolution, cardinality, effective })}`;

const said = (directives: Record<string, string | undefined>): string =>
  Object.entries(directives)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}:=${value}`))
    .join('');

const name = fc.constantFrom('a', 'b.c', 'org.example.d', 'e_f.g', 'h2');
const version = fc.constantFrom('1', '1.2', '2.0.0', '3.1.4.v2024');
const range = fc.oneof(
  version,
  fc
    .tuple(fc.constantFrom('[', '('), version, version, fc.constantFrom(']', ')'))
    .map(([open, low, high, close]) => `${open}${low},${high}${close}`),
);
const clauses = (path: fc.Arbitrary<string>, parameters: fc.Arbitrary<string>[], paths = 2) =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.uniqueArray(path, { minLength: 1, maxLength: paths }),
        fc.subarray(parameters).chain((some) => fc.tuple(...some)),
      ),
      { minLength: 1, maxLength: 3, selector: ([[first]]) => first },
    )
    .filter((all) => new Set(all.flatMap(([one]) => one)).size === all.flatMap(([one]) => one).length)
    .map((all) => all.map(([one, some]) => [...one, ...some].join(';')).join(','));
const optional = fc.constantFrom('resolution:=optional', 'resolution:=mandatory');
const vendor = fc.constantFrom('vendor=x', 'vendor="x y"');
const filter = fc.constantFrom(
  'filter:="(a=b)"',
  'filter:="(&(a=b)(!(c>=2)))"',
  'filter:="(|(a=b)(c<=1)(d~=e))"',
  'filter:="(a=x*y)"',
);
const typed = [
  fc.constantFrom('n:Long=5', 'n:Long="-7"'),
  fc.constantFrom('d:Double=1.5', 'd:Double=2'),
  fc.constantFrom('v:Version=1.2'),
  fc.constantFrom('l:List<Version>="1,2.0"', 'l:List="x,y"', 'l:List<Long>="1,2"'),
  fc.constantFrom('s:String=t', 's=t'),
];

const bundles: fc.Arbitrary<Headers> = fc
  .record(
    {
      'Bundle-SymbolicName': fc.constantFrom('org.a', 'org.a;singleton:=true', 'org.a;fragment-attachment:=never'),
      'Bundle-Version': version,
      'Export-Package': clauses(name, [
        version.map((one) => `version="${one}"`),
        vendor,
        fc.constant('uses:="p,q.r"'),
        fc.constant('x-internal:=true'),
      ]),
      'Import-Package': clauses(name, [
        range.map((one) => `version="${one}"`),
        range.map((one) => `bundle-version="${one}"`),
        optional,
        fc.constant('bundle-symbolic-name=s'),
      ]),
      'Require-Bundle': clauses(
        name,
        [range.map((one) => `bundle-version="${one}"`), fc.constant('resolution:=optional'), fc.constant('visibility:=reexport')],
        1,
      ),
      'Fragment-Host': fc.tuple(name, range).map(([host, one]) => `${host};bundle-version="${one}"`),
      'Provide-Capability': clauses(name, [...typed, fc.constant('uses:="p"'), fc.constant('effective:=active')], 1),
      'Require-Capability': clauses(
        name,
        [filter, fc.constant('resolution:=optional'), fc.constant('cardinality:=multiple'), fc.constant('effective:=active')],
        1,
      ),
      'Bundle-RequiredExecutionEnvironment': fc.constantFrom(
        'JavaSE-1.8',
        'J2SE-1.5,OSGi/Minimum-1.2',
        'CDC-1.1/Foundation-1.1',
        'CDC-1.0/Foundation-1.1',
      ),
    },
    { requiredKeys: ['Bundle-SymbolicName'] },
  )
  .map((some) => bundleHeaders(some as Headers));

/**
 * A header with a character taken away, put in or exchanged. Not of execution environments: where one part of a name has no version, we
 * take all of it as a name, and Felix the other part's version.
 */
const mistyped = fc
  .tuple(bundles, fc.nat(), fc.nat(), fc.constantFrom('', ';', ',', '=', ':', '"', '.', '1', 'x', '(', ']'), fc.boolean())
  .map(([headers, which, where, character, isExchanged]): Headers => {
    const some = Object.entries(headers).filter(([header]) => header !== 'Bundle-RequiredExecutionEnvironment');
    const [header, text] = some[which % some.length]!;
    const at = where % (text.length + 1);
    return {
      ...headers,
      [header]: `${text.slice(0, at)}${character}${text.slice(at + (isExchanged || character === '' ? 1 : 0))}`,
    };
  });

(missing === undefined ? test : test.skip)(
  `a thousand bundles say to Apache Felix what they say to us (SLIPWAY_SEED=${SEED})${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const all = fc.sample(bundles, { seed: SEED, numRuns: 1000 });
    const read = felix(all);
    expect(read).toHaveLength(all.length);
    for (const [at, headers] of all.entries())
      expect({ headers, read: normal(ours(headers)) }).toEqual({ headers, read: normal(read[at]!) });
  },
  120_000,
);

(missing === undefined ? test : test.skip)(
  `of mistyped headers none is taken that Apache Felix refuses, and the others say the same (SLIPWAY_SEED=${SEED})${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const all = fc.sample(mistyped, { seed: SEED, numRuns: 2000 });
    const read = felix(all);
    const taken = [...all.entries()]
      .map(([at, headers]) => ({ headers, text: normal(ours(headers)), at }))
      .filter(({ text }) => text !== 'refused');
    expect(taken.length).toBeGreaterThan(100);
    for (const { headers, text, at } of taken) expect({ headers, text }).toEqual({ headers, text: normal(read[at]!) });
  },
  120_000,
);
