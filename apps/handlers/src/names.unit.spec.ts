import { describe, expect, test } from '@jest/globals';
import { COMPLETING, EVENT_NAME } from '@slipway/contracts';
import { filterFor, standsFor } from './names.js';

describe('names of events', () => {
  test.each([
    ['dfe.provisioned', 'dfe.provisioned', true],
    ['dfe.provisioned', 'dfe.deprovisioned', false],
    ['dfe.*', 'dfe.provisioned', true],
    ['dfe.*', 'dfe.storage.provisioned', false],
    ['dfe.>', 'dfe.storage.provisioned', true],
    ['dfe.>', 'dfe.provisioned', true],
    ['dfe.storage.>', 'dfe.storage', false],
    ['dfe.*.provisioned', 'dfe.storage.provisioned', true],
    ['dfe.*.provisioned', 'dfe.storage.deprovisioned', false],
    ['events.request.failed', 'events.request.failed', true],
    ['events.>', 'dfe.provisioned', false],
  ])('%s stands for %s: %s', (pattern, name, expected) => {
    expect(standsFor(pattern, name)).toBe(expected);
  });

  test.each(['dfe.provisioned', 'dfe.*', 'dfe.>', 'dfe.*.provisioned', 'events.request.step-undone', 'events.*.succeeded'])(
    '%s is one',
    (name) => expect(EVENT_NAME.test(name)).toBe(true),
  );
  test.each(['', 'dfe', 'dfe.', '>', 'provisioned', 'dfe.>.x', 'dfe..x', 'dfe.Provisioned', 'slipway.dev.dfe.provisioned'])(
    '%j is none',
    (name) => expect(EVENT_NAME.test(name)).toBe(false),
  );

  test('of the log only that is read which can have them, and never what is recorded of handlers', () => {
    expect(filterFor(['dfe.provisioned', 'dfe.storage.>'])).toEqual({ types: COMPLETING });
    expect(filterFor(['events.request.failed'])).toEqual({ categories: ['request'] });
    expect(filterFor(['events.request.failed', 'dfe.provisioned']).categories).toEqual([
      'request',
      'storage',
      'database',
      'instance',
    ]);
    expect(filterFor(['events.*.failed']).categories).not.toContain('handler');
    expect(filterFor(['events.>']).categories).toContain('environment');
  });
});
