import { describe, expect, test } from '@jest/globals';
import type { JsonObject, Offered, Offering, ResourceDefinition } from '@slipway/contracts';
import { fillingErrors, offeringsNamed, withChoices } from './offerings.js';
import { PLACE, World, abstract, database, instance, storage } from '../testing.js';

const offering = (name: string, byDefault: Offering['default']): Offering => ({
  name,
  title: name,
  schema: {},
  default: byDefault,
});
const atPlace = (name: string, byDefault: Offering['default'], from: Offered['from'] = 'provisioner'): Offered => ({
  ...offering(name, byDefault),
  from,
});
const volume = storage('volume', [], { capabilities: [{ namespace: 'storage' }] });

/** Specs and offerings of a plan's steps, by kind. */
function planned(definitions: ResourceDefinition[], offerings: JsonObject = {}, offered: Offered[] = []) {
  const place = { ...PLACE, ...(offered.length > 0 && { offered }) };
  const { steps } = new World(...definitions).plan('app', 'shop', { place, offerings });
  return Object.fromEntries(
    steps.map(({ kind, spec, offerings: values }) => [kind, { spec, ...(values && { offerings: values }) }]),
  );
}

describe('what is filled in', () => {
  const values = { size: 3, name: 'A $& B', list: ['a'], on: true };
  const definition = instance('app', [], {
    spec: {
      command: ['run', '${offering.size}', '${offering.list}'],
      environment: { SIZE: '${offering.size}', TEXT: 'is ${offering.name}!', PORT: '${port}' },
      files: { 'x.conf': 'on = ${offering.on}' },
      limits: { openFiles: '${offering.size}', memory: '${offering.size}MiB' },
      odd: ['${offering.list}', '${offering.other}'],
    },
    requirements: [
      { namespace: 'x', attributes: { size: '${offering.size}' }, range: '^${offering.size}', spec: { mode: '${offering.on}' } },
    ],
  });

  test('is the value as it is where the placeholder stands alone, its text within one; what runs is given texts', () => {
    const { spec, requirements } = withChoices(definition, values);
    expect(spec).toEqual({
      command: ['run', '3', '["a"]'],
      environment: { SIZE: '3', TEXT: 'is A $& B!', PORT: '${port}' },
      files: { 'x.conf': 'on = true' },
      limits: { openFiles: 3, memory: '3MiB' },
      odd: [['a'], '${offering.other}'],
    });
    expect(requirements).toEqual([{ namespace: 'x', attributes: { size: 3 }, range: '^3', spec: { mode: true } }]);
  });

  test('is named, at whatever depth', () => {
    expect(offeringsNamed(definition.spec).toSorted()).toEqual([
      'list',
      'list',
      'name',
      'on',
      'other',
      'size',
      'size',
      'size',
      'size',
    ]);
  });
});

describe('what filling in would make of choices that are harmless each', () => {
  const app = (text: string) => instance('app', [], { spec: { command: ['x', text] } });
  test.each<[string, JsonObject]>([
    ['${offering.a}${offering.b}', { a: '$', b: '{database.password}' }],
    ['$${offering.a}', { a: '{database.password}' }],
    ['${database.${offering.a}}', { a: 'password' }],
    ['${database.p${offering.a}', { a: 'assword}' }],
    ['$${offering.a}', { a: { 'database.password': 1 } }],
  ])('%s: a placeholder that nobody has written is refused by the offering', (text, values) => {
    expect(fillingErrors(app(text), values)).toEqual([
      { field: 'offerings.a', reason: expect.stringMatching(/makes "\$\{.*placeholder that nobody has written/) },
    ]);
  });

  test.each<[string, JsonObject]>([
    ['${offering.a}${database.password}${offering.b}', { a: '$', b: '{x' }],
    ['${port}:$${offering.a}', { a: 'x' }],
    ['${offering.a}', { a: '{}' }],
    ['${offering.a}${offering.other}', { a: '$' }],
  ])('%s: those that were written stay as they are', (text, values) => expect(fillingErrors(app(text), values)).toEqual([]));

  test('is refused before anything is planned', () => {
    const offerings = [offering('a', ''), offering('b', '')];
    const definition = { ...app('${offering.a}${offering.b}'), offerings };
    expect(() => planned([definition], { a: '$', b: '{database.password}' })).toThrow(
      expect.objectContaining({ code: 'bad-input', details: { fields: [expect.objectContaining({ field: 'offerings.a' })] } }),
    );
  });
});

describe('a plan', () => {
  const app = instance('app', [], {
    offerings: [offering('greeting', 'Hello'), offering('mode', '0750')],
    requirements: [{ namespace: 'storage', name: 'data', spec: { mode: '${offering.mode}' } }],
    spec: { command: ['x'], environment: { GREETING: '${offering.greeting}' } },
  });

  test('holds what was chosen, else the defaults, in the spec of each step and beside it', () => {
    expect(planned([volume, app])).toEqual({
      storage: { spec: { mode: '0750' } },
      instance: {
        spec: { command: ['x'], environment: { GREETING: 'Hello' } },
        offerings: { greeting: 'Hello', mode: '0750' },
      },
    });
    expect(planned([volume, app], { mode: '0700' })).toMatchObject({
      storage: { spec: { mode: '0700' } },
      instance: { offerings: { greeting: 'Hello', mode: '0700' } },
    });
  });

  test('pins the definition as it is written, whatever was chosen', () => {
    const choices: JsonObject[] = [{}, { greeting: 'Hi' }];
    const hashes = choices.map((offerings) =>
      new World(volume, app).plan('app', 'shop', { offerings }).steps.map(({ definition }) => definition.hash),
    );
    expect(hashes[0]).toEqual(hashes[1]);
  });

  test('gives the offerings of the place to every driver; a definition’s of the same name are its own', () => {
    const offered = [atPlace('zone', 'a'), atPlace('mode', 'any', 'guestLocation')];
    expect(planned([volume, app], { zone: 'b', mode: '0700' }, offered)).toEqual({
      storage: { spec: { mode: '0700' }, offerings: { zone: 'b', mode: 'any' } },
      instance: {
        spec: { command: ['x'], environment: { GREETING: 'Hello' } },
        offerings: { zone: 'b', greeting: 'Hello', mode: '0700' },
      },
    });
  });

  test('gives what a definition brings in the defaults of its own', () => {
    const own = storage('volume', [], {
      capabilities: [{ namespace: 'storage' }],
      offerings: [offering('greeting', 'none'), offering('size', '1GiB')],
      spec: { sizeLimit: '${offering.size}' },
    });
    expect(planned([own, app], { greeting: 'Hi' })).toMatchObject({
      storage: { spec: { sizeLimit: '1GiB', mode: '0750' }, offerings: { greeting: 'none', size: '1GiB' } },
    });
  });

  test('chooses the version of what is required', () => {
    const server = (version: string) =>
      database(`server@${version}`, [], { capabilities: [{ namespace: 'sql', attributes: { version } }] });
    const shop = abstract('app', [], {
      offerings: [offering('sql', '16')],
      requirements: [{ namespace: 'sql', name: 'db', range: '^${offering.sql}' }],
    });
    const version = (offerings?: JsonObject) =>
      new World(server('15.2.0'), server('16.1.0'), shop).plan('app', 'shop', offerings && { offerings }).steps[0]!.definition
        .version;
    expect([version(), version({ sql: '15' })]).toEqual(['16.1.0', '15.2.0']);
  });

  test('is made of the first version that offers what was chosen; choices that none offers are refused with the reasons of the first', () => {
    const world = new World(
      volume,
      { ...app, version: '2.0.0', offerings: [offering('mode', '0750')], spec: { command: ['x'] } },
      app,
    );
    world.check = (all, chosen) =>
      Object.keys(chosen)
        .filter((name) => !all.some((one) => one.name === name))
        .map((name) => ({ field: `offerings.${name}`, reason: `of ${all.map((one) => one.name).join('+')}` }));
    const version = (offerings: JsonObject) =>
      world.plan('app', 'shop', { offerings }).steps.find(({ kind }) => kind === 'instance')!.definition.version;
    expect([version({}), version({ greeting: 'Hi' })]).toEqual(['2.0.0', '1.0.0']);
    expect(() => version({ colour: 'red' })).toThrow(
      expect.objectContaining({ code: 'bad-input', details: { fields: [{ field: 'offerings.colour', reason: 'of mode' }] } }),
    );
  });
});
