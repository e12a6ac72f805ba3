import { expect, test } from '@jest/globals';
import { eventSubject, subject } from './subjects.js';

test('a subject has a location only where the work has a place', () => {
  expect(subject('dev', 'resolver', 'plan')).toBe('slipway.dev.resolver.plan');
  expect(subject('dev', 'storage', 'ensure', 'local')).toBe('slipway.dev.storage.local.ensure');
});

test.each([
  ['request', 'RequestSucceeded', 'request.succeeded'],
  ['request', 'StepUndoFailed', 'request.step-undo-failed'],
  ['storage', 'StorageProvisioned', 'storage.provisioned'],
  ['instance', 'InstanceHealthChanged', 'instance.health-changed'],
  ['environment', 'NameClaimed', 'environment.name-claimed'],
  ['partition', 'PartitionClaimed', 'partition.claimed'],
] as const)('%s %s is published as %s', (category, type, expected) => {
  expect(eventSubject('dev', category, type)).toBe(`slipway.dev.events.${expected}`);
});
