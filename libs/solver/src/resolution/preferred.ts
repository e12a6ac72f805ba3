import { Version } from '../attribute/version.js';
import { isSatisfiedBy } from './by-the-book.js';
import { isPossible, type Model } from './oracle.js';
import type { Offer, Resource } from './resource.js';

/** What a plan wires each of the requirements that are asked for to, in their order. */
export type Choice = Pick<Offer, 'resource' | 'at'>[];

/** What could satisfy one requirement of those that are asked for, best first: as the issue orders it, by enumeration. For tests. */
function ranked({ repository, installed, asked }: Model, place: number): Offer[] {
  const there = installed.resources.filter(({ shared }) => shared);
  const rank = ({ resource, capability: { attributes } }: Offer): (number | string)[] => {
    const version = attributes.get('version');
    const numbers = version instanceof Version ? version.numbers : [0, 0, 0];
    const isEarly = version instanceof Version && version.prerelease.length > 0;
    const own = resource.version.numbers.map((one) => -one);
    return [
      Number(!there.includes(resource)),
      Number(isEarly),
      ...numbers.map((one) => -one),
      resource.layer,
      resource.name,
      ...own,
    ];
  };
  const isThere = (one: Resource) =>
    one.shared && there.some(({ name, version }) => name === one.name && version.text === one.version.text);
  return [...there, ...repository.filter((one) => !isThere(one))]
    .flatMap((resource) => resource.capabilities.map((capability, at): Offer => ({ resource, capability, at })))
    .filter(({ capability }) => isSatisfiedBy(asked[place]!, capability))
    .toSorted((a, b) => inTurn(rank(a), rank(b)));
}

function inTurn(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((one, place) => one !== b[place]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

/**
 * For which of what is asked for, in order, a plan has something worse than another plan has that chose alike before: unless every such
 * plan has it anyway, for something else. What would be too much to try counts as fine.
 */
export function worseThanPossible(model: Model, upgrades: number, choice: Choice): string[] {
  return model.asked.flatMap((requirement, place) => {
    const before = choice.slice(0, place);
    const { resource, at } = choice[place]!;
    const all = ranked(model, place);
    const better = all.slice(
      0,
      all.findIndex((one) => one.resource === resource && one.at === at),
    );
    const others = new Set(model.repository.filter((one) => one !== resource));
    if (better.length === 0 || isPossible(model, upgrades, others, before) === false) return [];
    const possible = better.find((one) => isPossible(model, upgrades, undefined, [...before, one]) === true);
    return possible ? [`${requirement.name} has ${resource.id} and could have ${possible.resource.id}`] : [];
  });
}
