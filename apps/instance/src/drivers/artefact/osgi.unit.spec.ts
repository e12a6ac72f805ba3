import { describe, expect, test } from '@jest/globals';
import { seenOf } from './osgi.js';
import { differencesOf, type Made, type Planned } from './osgi-wires.js';

const wire = (name: string, provider: string, version = '1.0.0'): Made => ({
  namespace: 'osgi.wiring.package',
  name,
  provider,
  version,
});
const planned = (name: string, from: string | null): Planned => ({ namespace: 'osgi.wiring.package', name, from });

describe('the wires of a bundle', () => {
  test.each([
    ['as planned', [planned('a', 'lib 1.0.0'), planned('b', '')], [wire('a', 'lib'), wire('b', '', '4.6.1')], []],
    [
      'of another version',
      [planned('a', 'lib 1.0.0')],
      [wire('a', 'lib', '2.0.0')],
      ['it has a from lib 2.0.0, and not from lib 1.0.0'],
    ],
    ['of the framework', [planned('a', 'lib 1.0.0')], [wire('a', '')], ['it has a from the framework, and not from lib 1.0.0']],
    ['of nobody', [planned('a', '')], [], ['it has a from nobody else, and not from the framework']],
    [
      'of another namespace',
      [{ ...planned('a', 'lib 1.0.0'), namespace: 'osgi.wiring.bundle' }],
      [wire('a', 'lib')],
      ['it has a from nobody else, and not from lib 1.0.0'],
    ],
    ['of who came later', [planned('a', null)], [wire('a', 'lib')], []],
  ])('%s', (_what, wanted, made, expected) => expect(differencesOf(wanted, made)).toEqual(expected));

  test('a difference is told, and the bundle works', () => {
    const seen = seenOf(
      { file: 'a.jar', state: 'active', wires: [wire('a', 'lib', '2.0.0')] },
      [planned('a', 'lib 1.0.0')],
      false,
    );
    expect(seen).toMatchObject({
      ill: null,
      differs: 'It is wired otherwise than planned: it has a from lib 2.0.0, and not from lib 1.0.0',
      said: { wires: [wire('a', 'lib', '2.0.0')], differences: ['it has a from lib 2.0.0, and not from lib 1.0.0'] },
    });
  });

  test('what cannot be started says why; what waits for a later one is not ill; a fragment is never active', () => {
    const fault = 'Unresolved constraint';
    expect(seenOf({ file: 'a.jar', state: 'installed', fault }, [planned('a', '')], false).ill).toBe(
      `Its framework cannot start it: ${fault}`,
    );
    expect(seenOf({ file: 'a.jar', state: 'installed', fault }, [planned('a', null)], false)).toEqual({
      ill: null,
      differs: `It waits for what comes after it: ${fault}`,
    });
    expect(seenOf({ file: 'a.jar', state: 'resolved' }, [], true).ill).toBeNull();
    expect(seenOf({ file: 'a.jar', state: 'resolved' }, [], false).ill).toBe('Its framework cannot start it: it is resolved');
  });
});
