import { describe, expect, test } from '@jest/globals';
import { fillEnvironment } from './environment.js';

describe('the environment of an instance', () => {
  const values = { port: '20001', 'data.path': '/srv/$data', 'secret.key': '/run/key' };

  test('has its placeholders filled in, each as often as it stands there, and nothing else changed', () => {
    const filled = fillEnvironment({ A: '${port}', B: '${data.path}/${port}:${port}', C: '$port {x} $$', D: '' }, values);
    expect(filled).toEqual({ A: '20001', B: '/srv/$data/20001:20001', C: '$port {x} $$', D: '' });
  });

  test.each([
    ['A', '${prot}', 'nothing is known as ${prot}; known are data.path, port, secret.key'],
    ['A', '${toString}', 'nothing is known as ${toString}; known are data.path, port, secret.key'],
    ['A', '${}', 'nothing is known as ${}; known are data.path, port, secret.key'],
    ['A', 'x\0', 'it holds a NUL'],
    ['A=B', 'x', 'it is not a name of letters, digits and _'],
    ['SLIPWAY_FOLDER', 'x', 'names that begin with SLIPWAY_ are kept for Slipway'],
  ])('%s=%s is refused by field and reason', (name, value, reason) => {
    expect(() => fillEnvironment({ [name]: value }, values)).toThrow(
      expect.objectContaining({ code: 'spec-invalid', details: { field: `environment.${name}`, reason } }),
    );
  });
});
