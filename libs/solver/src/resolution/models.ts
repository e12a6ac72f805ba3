import * as fc from 'fast-check';
import { ResolutionEnvironment } from './environment.js';
import type { Model } from './oracle.js';
import { resolveRequirements, type Resolution } from './resolution.js';
import { textOf, type Requirement, type Resource, type Wire } from './resource.js';
import { Supply } from './supply.js';
import { bundle, capability, importOf, requirement, resource } from './testing.js';

/** Small random models, for tests. */

const NAMES = ['a', 'b', 'c', 'd'];
const VERSIONS = ['1.0.0', '2.0.0', '3.0.0'];
const need = (isOptional: fc.Arbitrary<boolean>) =>
  fc
    .tuple(fc.constantFrom(...NAMES, 'x', 'y'), fc.constantFrom('', '', '@^1', '@^2', '@>=2'), isOptional, fc.nat(3))
    .map(([name, range, optional, several]): Requirement => {
      const text = name === 'x' || name === 'y' ? `${name};` : `${name}${range}`;
      return requirement(text, { optional, multiple: several === 0 });
    });
const needs = (maxLength: number, isOptional = fc.constantFrom(false, false, false, true)) =>
  fc.uniqueArray(need(isOptional), { selector: ({ name }) => name, maxLength });

const shape = {
  name: fc.constantFrom(...NAMES),
  version: fc.constantFrom(...VERSIONS),
  needs: needs(3),
  singleton: fc.boolean(),
  together: fc.constantFrom(false, false, true),
  unshared: fc.constantFrom(false, false, true),
  excluded: fc.constantFrom(false, false, false, false, true),
  offers: fc.subarray(['x', 'y']),
  capacity: fc.constantFrom(undefined, 1, 2),
  layer: fc.nat(2),
};
const definitionOf = (of: typeof shape) =>
  fc.record(of).map(({ name, version, needs: requirements, unshared, excluded, offers, capacity, ...rest }) => {
    const limited = capacity === undefined ? {} : { capacity };
    const capabilities = offers.map((namespace) => capability(namespace, { name, version }, limited));
    const more = {
      ...rest,
      singleton: rest.singleton && !unshared,
      together: rest.together && !unshared,
      shared: !unshared,
      capabilities,
      ...(excluded && { excluded: 'no driver' }),
    };
    return resource(`${name}@${version}`, requirements, more);
  });
const definition = definitionOf(shape);
const wishing = definitionOf({ ...shape, needs: needs(3, fc.constantFrom(true, true, false)), unshared: fc.constant(false) });

/** Packages p, q, r of bundles that use each other's. */
const bundles = fc
  .record({
    name: fc.constantFrom(...NAMES),
    version: fc.constantFrom('1.0.0', '2.0.0'),
    singleton: fc.boolean(),
    imports: fc.uniqueArray(
      fc.tuple(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('', '@[1,2)', '@[2,3)'), fc.constantFrom(false, false, true)),
      {
        selector: ([name]) => name,
        maxLength: 2,
      },
    ),
    exports: fc.uniqueArray(
      fc.tuple(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('1', '2'), fc.subarray(['p', 'q', 'r'], { maxLength: 2 })),
      {
        selector: ([name]) => name,
        maxLength: 2,
      },
    ),
  })
  .map(({ name, version, singleton, imports, exports }) =>
    bundle(
      `${name}@${version}`,
      imports.map(([pkg, range, optional]) => importOf(`${pkg}${range}`, { optional })),
      exports.map(([pkg, at, uses]) => `${pkg}@${at}${uses.length > 0 ? `:${uses.filter((one) => one !== pkg).join(',')}` : ''}`),
      { singleton },
    ),
  );

const byId = { selector: ({ id }: Resource) => id };
const mandatory = needs(2).map((all) => all.map((one) => ({ ...one, optional: false, multiple: false })));
const packages = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 2 })
  .map((names) => names.map((name) => requirement(name)));
const nothing = { resources: [], wires: [], upgradable: [] };

export const plain = fc.record({
  repository: fc.uniqueArray(definition, { ...byId, minLength: 2, maxLength: 9 }),
  asked: mandatory.filter((all) => all.length > 0),
  installed: fc.constant(nothing),
}) as fc.Arbitrary<Model>;

/** A model in which what is shared has many optional requirements. */
export const manyOptional = fc.record({
  repository: fc.uniqueArray(wishing, { ...byId, minLength: 4, maxLength: 9 }),
  asked: mandatory.filter((all) => all.length > 0),
  installed: fc.constant(nothing),
}) as fc.Arbitrary<Model>;

export const classes = fc.record({
  repository: fc.uniqueArray(bundles, { ...byId, minLength: 2, maxLength: 7 }),
  asked: packages,
  installed: fc.constant(nothing),
}) as fc.Arbitrary<Model>;

/** What a model is after a plan of first versions has been carried out in it; some of that may be upgraded. */
function settle(model: Model, asked: readonly Requirement[], dice: Iterator<boolean>): Model {
  const first = resolveModel({ ...model, repository: model.repository.filter(({ version }) => version.text === '1.0.0') });
  if (!('selected' in first)) return model;
  const at = (id: string) => `at/${id}`;
  const resources = first.selected.map(({ key, resource: one }) => ({ ...one, id: at(key) }));
  const wires = first.wires
    .filter(({ from }) => from !== '')
    .map((wire): Wire => ({ ...wire, from: at(wire.from), to: at(wire.to) }));
  const upgradable = resources.filter(({ singleton }) => singleton && dice.next().value === true).map(({ id }) => id);
  return { ...model, asked: asked.length > 0 ? asked : model.asked, installed: { resources, wires, upgradable } };
}

/** Singletons in several versions that need each other. */
const singletons = fc
  .record({ name: fc.constantFrom('a', 'b', 'c'), version: fc.constantFrom('1.0.0', '2.0.0'), needs: needs(2) })
  .map(({ name, version, needs: all }) => resource(`${name}@${version}`, all, { singleton: true }));

const dated = fc.record({
  repository: fc.uniqueArray(singletons, { ...byId, minLength: 4, maxLength: 6 }),
  asked: fc.constant([requirement('a')]),
  installed: fc.constant(nothing),
}) as fc.Arbitrary<Model>;

const higher = fc.constantFrom('a', 'b', 'c').map((name) => [requirement(`${name}@>=2`)]);

/** A model in which something is installed. */
export const settled: fc.Arbitrary<Model> = fc
  .tuple(fc.oneof(plain, classes, dated), fc.oneof(mandatory, higher), fc.infiniteStream(fc.boolean()))
  .map(([model, asked, dice]) => settle(model, asked, dice));

/** A model in which something that is installed may well have to go. */
export const upgrading: fc.Arbitrary<Model> = fc
  .tuple(fc.oneof(dated, classes), higher, fc.infiniteStream(fc.constantFrom(true, true, true, false)))
  .map(([model, asked, dice]) => settle(model, asked, dice));

export const models: fc.Arbitrary<Model> = fc.oneof(plain, classes, settled, upgrading);

export const resolveModel = ({ repository, installed, asked }: Model): Resolution =>
  resolveRequirements({
    environment: new ResolutionEnvironment(installed),
    repository: new Supply(repository),
    requirements: asked,
    limits: { steps: 100_000 },
    now: () => 0,
  });

/** A model as a person can read it. */
export function inShort({ repository, installed, asked }: Model): string {
  const words = (one: Requirement) => `${textOf(one)}${one.optional ? '?' : ''}${one.multiple ? '*' : ''}`;
  const line = (one: Resource) => {
    const flags = [
      one.singleton && 'singleton',
      one.together && 'together',
      !one.shared && 'unshared',
      one.excluded && 'excluded',
    ];
    const offers = one.capabilities
      .slice(1)
      .map((each) => `${textOf({ ...requirement('a'), ...each })} uses ${each.uses.join()} ${each.capacity ?? ''}`);
    return `${one.id} [${flags.filter(Boolean).join(' ')}] needs ${one.requirements.map(words).join(' | ')} offers ${offers.join(' | ')}`;
  };
  return [
    `asked: ${asked.map(words).join(' | ')}`,
    ...repository.map(line),
    'installed:',
    ...installed.resources.map((one) => `${line(one)} ${installed.upgradable.includes(one.id) ? 'upgradable' : ''}`),
    ...installed.wires.map(({ from, requirement: name, to, capability: at }) => `  ${from} -${name}-> ${to};${at}`),
  ].join('\n');
}
