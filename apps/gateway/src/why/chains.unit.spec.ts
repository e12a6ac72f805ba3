import { expect, test } from '@jest/globals';
import { chainsTo, furtherThan, type Users } from './chains.js';

/** `a>b`: a is wired to b, by a requirement called as what it is wired to. Roots are in capitals. */
function users(...wires: string[]): Users {
  const all = wires.map((one) => one.split('>') as [string, string]).map(([from, to]) => ({ from, requirement: to, to }));
  return { wiresTo: (key) => all.filter(({ to }) => to === key), isRoot: (key) => key === key.toUpperCase() };
}
const told = (key: string, around: Users) =>
  chainsTo(key, around).chains.map((chain) => [...chain.map(({ from }) => from), key].join(' > '));

test('what was asked for itself stands at the end of no chain', () => {
  expect(told('A', users('A>b'))).toEqual(['A']);
});

test('all ways are told, the shortest first', () => {
  const around = users('A>b', 'A>c', 'b>d', 'c>e', 'e>d', 'B>d');
  expect(told('d', around)).toEqual(['B > d', 'A > b > d', 'A > c > e > d']);
  expect(furtherThan(['b', 'e', 'B'], around, 'd')).toEqual(['A', 'c']);
});

test('what was asked for and is needed by others too is there for both', () => {
  expect(told('B', users('A>B'))).toEqual(['B', 'A > B']);
  expect(told('c', users('A>B', 'B>c'))).toEqual(['B > c', 'A > B > c']);
});

test('what needs each other is told once round', () => {
  const around = users('A>b', 'b>c', 'c>b');
  expect(told('c', around)).toEqual(['A > b > c']);
  expect(furtherThan(['b'], around, 'c')).toEqual(['A']);
});

test('of very many ways some are told, and that there are more', () => {
  const levels = Array.from({ length: 20 }, (_, n) => [
    `l${n}>x${n}`,
    `l${n}>y${n}`,
    `x${n}>l${n + 1}`,
    `y${n}>l${n + 1}`,
  ]).flat();
  const { chains, more } = chainsTo('l20', users('A>l0', ...levels));
  expect([chains.length <= 50, more]).toEqual([true, true]);
});
