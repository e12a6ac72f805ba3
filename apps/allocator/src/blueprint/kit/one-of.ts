import { SlipwayError } from '@slipway/contracts';

/** The interface by a name. Throws `not-found` with those that there are. */
export function oneOf(name: string, interfaces: Readonly<Record<string, object>>): object {
  if (Object.hasOwn(interfaces, name)) return interfaces[name]!;
  const names = Object.keys(interfaces).toSorted();
  const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new SlipwayError('not-found', `There is no interface ${name} here; ${there}`, { interfaces: names });
}
