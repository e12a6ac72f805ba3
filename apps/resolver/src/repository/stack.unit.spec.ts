import { describe, expect, test } from '@jest/globals';
import { LAYERS, LAYER_RULES, type Layer } from '@slipway/contracts';
import { Stack, type Change, type LayeredPackage } from './stack.js';

const KEY = 'a@1.0.0';
const pack = (layer: Layer, name = `${layer}-pack`, ...keys: string[]): LayeredPackage => ({
  layer,
  name,
  source: LAYER_RULES[layer].many ? name : layer,
  definitions: (keys.length > 0 ? keys : [KEY]).map((key) => ({ name: key.split('@')[0]!, version: key.split('@')[1]! })),
});

describe('six layers, four operations', () => {
  /** What each operation on a key that stands in that layer alone does: nothing stands for "done". */
  const cases = LAYERS.flatMap((layer) => [
    [layer, 'create', `${KEY} stands in the layer ${layer} (content package ${layer}-pack), so it cannot be created`],
    [layer, 'read', undefined],
    ...(['update', 'delete'] as const).map((change) => [
      layer,
      change,
      layer === 'writable'
        ? undefined
        : `${KEY} stands in the layer ${layer} (content package ${layer}-pack), which takes no definition through the API, so it cannot be ${change}d`,
    ]),
  ]) as [Layer, Change | 'read', string | undefined][];

  test('are twenty-four cases', () => expect(cases.length).toBe(24));

  test.each(cases)('in %s: %s (%s)', (layer, operation, refused) => {
    const stack = new Stack([pack(layer)]);
    if (operation === 'read') expect(stack.read(KEY)?.package.layer).toBe(layer);
    else
      expect(stack.refusalOf(operation, KEY)).toEqual(refused && { key: KEY, layer, package: `${layer}-pack`, reason: refused });
  });

  test('on a key that stands nowhere: it can be created, and nothing else', () => {
    const stack = new Stack([pack('default', 'p', 'b@1.0.0')]);
    expect([stack.read(KEY), stack.refusalOf('create', KEY)]).toEqual([undefined, undefined]);
    for (const change of ['update', 'delete'] as const)
      expect(stack.refusalOf(change, KEY)).toEqual({
        key: KEY,
        layer: 'writable',
        reason: `${KEY} stands in no layer, so it cannot be ${change}d`,
      });
  });

  test('the design’s table is the one that is in force', () => {
    const letters = LAYERS.map((layer) => {
      const { overwritable, canOverride, writable, many } = LAYER_RULES[layer];
      return `${layer} ${[overwritable, canOverride, writable, many].map((yes) => (yes ? 'yes' : 'no')).join(' ')}`;
    });
    expect(letters).toEqual([
      'writable yes no yes no',
      'local yes yes no no',
      'dynamic no yes no yes',
      'default yes yes no no',
      'plugin no yes no yes',
      'basic yes yes no no',
    ]);
  });
});

describe('a package that comes', () => {
  /** For each layer: those above that may have the same definition, from the table by hand. */
  const MAY: Record<Layer, Layer[]> = {
    writable: [],
    local: [],
    dynamic: [],
    default: ['local', 'dynamic'],
    plugin: [],
    basic: ['local', 'dynamic', 'default', 'plugin'],
  };
  const pairs = LAYERS.flatMap((above, index) => LAYERS.slice(index + 1).map((below) => [above, below] as const));

  test.each(pairs)('in %s over %s, or the other way round, whichever was first', (above, below) => {
    const may = MAY[below].includes(above);
    for (const [there, comes] of [
      [above, below],
      [below, above],
    ] as const) {
      const refusal = new Stack([pack(there)]).refusalOfPackage(pack(comes, 'new', 'b@1.0.0', KEY));
      expect(refusal === undefined).toBe(may);
      if (may) continue;
      expect(refusal).toMatchObject({ key: KEY, layer: there, package: `${there}-pack` });
      expect(refusal!.reason).toMatch(
        above === 'writable' ? /and the layer writable may not override another$/ : /and the layer \w+ may not be overridden$/,
      );
    }
  });

  test('and holds what a sibling holds is refused, and so is one of a sibling’s name', () => {
    const stack = new Stack([pack('dynamic', 'one')]);
    expect(stack.refusalOfPackage(pack('dynamic', 'two'))?.reason).toBe(
      `${KEY} stands in the layer dynamic (content package one), beside which it cannot stand again`,
    );
    expect(stack.refusalOfPackage(pack('dynamic', 'one', 'b@1.0.0'))?.reason).toBe(
      'the layer dynamic holds a content package one already',
    );
    expect(stack.refusalOfPackage(pack('dynamic', 'two', 'b@1.0.0'))).toBeUndefined();
  });

  test('from elsewhere is refused by a layer that has one source', () => {
    const stack = new Stack([pack('local')]);
    expect(stack.refusalOfPackage({ ...pack('local', 'other', 'b@1.0.0'), source: '/elsewhere' })?.reason).toBe(
      'the layer local holds what local brings (content package local-pack), and takes nothing from elsewhere',
    );
    expect(stack.refusalOfPackage(pack('local', 'other', 'b@1.0.0'))).toBeUndefined();
  });

  test('in place of itself may hold what it held', () => {
    const old = pack('dynamic', 'one');
    const stack = new Stack([old, pack('basic')]);
    expect(stack.refusalOfPackage(pack('dynamic', 'one', KEY, 'b@1.0.0'), old)).toBeUndefined();
  });
});

describe('a stack', () => {
  test('is looked up from the top down, and what was hidden shows again when what hid it goes', () => {
    const [local, basic] = [pack('local'), pack('basic', 'base', KEY, 'b@1.0.0')];
    const stack = new Stack([basic, pack('default', 'shipped'), local]);
    const layers = () => stack.standing(KEY).map((standing) => standing.package.layer);
    expect(layers()).toEqual(['local', 'default', 'basic']);
    expect(stack.inForce().map(({ key, package: { layer } }) => `${key} ${layer}`)).toEqual([`${KEY} local`, 'b@1.0.0 basic']);
    stack.remove(local);
    expect(layers()).toEqual(['default', 'basic']);
    stack.remove(basic);
    expect([stack.standing('b@1.0.0'), stack.packages().map(({ name }) => name)]).toEqual([[], ['shipped']]);
  });

  test('takes prototype keys for keys', () => {
    const stack = new Stack([pack('local', 'p', '__proto__@1.0.0', 'constructor@1.0.0')]);
    expect(stack.read('constructor@1.0.0')?.package.name).toBe('p');
    expect(stack.read('toString')).toBeUndefined();
  });
});
