import { describe, expect, test } from '@jest/globals';
import type { Recorded } from './fold.js';
import { broken, outcome } from './invariants.js';

const SHOP = { kind: 'storage', name: 'shop-data', generation: 1 };
const step = { requestId: 'r1', stepId: 'storage/shop-data', try: 1, generation: 1 };
const on = (stream: string, type: string, data: object = {}): Recorded => ({ stream, type, data });
const request = (type: string, data: object = {}) => on('request-r1', type, data);
const environment = (type: string, data: object = {}) =>
  on('environment-default', type, { requestId: 'r1', name: 'shop', ...data });
const storage = (type: string, data: object = {}) => on('storage-default.shop-data', `Storage${type}`, { ...step, ...data });

/** A request that went well. */
const STORY = [
  environment('NameClaimed'),
  request('RequestAccepted'),
  request('PlanMade', {
    plan: { steps: [{ id: step.stepId, action: 'ensure', inverse: 'destroy', kind: 'storage', name: 'shop-data' }] },
  }),
  environment('PlanAdmitted', { planHash: 'p' }),
  storage('Started', { action: 'ensure', epoch: 1 }),
  storage('Provisioned', { epoch: 1 }),
  request('StepSucceeded', step),
  request('RequestSucceeded', { installed: [SHOP] }),
  environment('PlanSettled', { outcome: 'done', removed: [], installed: [{ ...SHOP, instanceId: 'shop' }] }),
];
const there = [{ resource: { environment: 'default', kind: 'storage', name: 'shop-data' } as const, generation: 1 }];
const place = { made: new Map([['storage-default.shop-data/g1', 1]]), marks: () => there };
const without = (type: string) => STORY.filter((event) => event.type !== type);
const andThen = (at: string, ...more: Recorded[]) => STORY.flatMap((event) => (event.type === at ? [event, ...more] : [event]));

describe('what holds when all is over', () => {
  test('nothing is wrong with a request that went well', () => {
    expect(broken(STORY, place)).toEqual([]);
    expect(outcome(STORY, place)).toEqual({ requests: { r1: 'succeeded' }, standing: ['storage/shop-data g1'] });
  });

  test.each<[string, Recorded[], string]>([
    ['a request that has not ended', without('RequestSucceeded'), 'request-r1: It has not ended: running'],
    [
      'a step that succeeded twice',
      andThen('StepSucceeded', request('StepSucceeded', step)),
      'storage/shop-data succeeded twice',
    ],
    ['a success without a step', without('StepSucceeded'), 'It succeeded without storage/shop-data'],
    ['a step after the end', andThen('RequestSucceeded', request('StepRequested', step)), 'StepRequested after it had ended'],
    ['a plan that was never settled', without('PlanSettled'), 'The plan of r1 was never settled'],
    ['a name that is still held', without('PlanSettled'), 'shop is still held by r1'],
    [
      'a plan settled twice',
      [...STORY, environment('PlanSettled', { outcome: 'done', removed: [], installed: [{ ...SHOP }] })],
      'was settled twice',
    ],
    [
      'what is there made once more beside it',
      [...STORY, environment('PlanSettled', { outcome: 'done', removed: [], installed: [{ ...SHOP, generation: 2 }] })],
      'was installed twice',
    ],
    [
      'a name for nothing',
      [
        ...STORY,
        environment('NameClaimed', { name: 'x' }),
        environment('PlanSettled', { name: 'x', removed: [], installed: [] }),
      ],
      'The name x is taken and nothing stands under it',
    ],
    ['two outcomes of a try', andThen('StorageProvisioned', storage('Provisioned', { epoch: 1 })), 'has two outcomes'],
    ['a try without outcome', without('StorageProvisioned'), 'has no outcome'],
    ['an epoch that does not grow', andThen('StorageStarted', storage('TakenOver', { epoch: 1 })), 'epoch 1 after 1'],
    ['an outcome that nobody was told of', without('PlanSettled'), 'stands and its environment does not say so'],
  ])('%s', (_name, events, told) => {
    expect(broken(events, place).join('\n')).toContain(told);
  });

  test('an orphan, something lost, something made twice', () => {
    expect(broken([], { marks: () => there })).toEqual([
      'default storage/shop-data g1 is at its place and its stream does not say so',
    ]);
    expect(broken(STORY, { marks: () => [] })).toEqual([
      'default storage/shop-data g1 is not at its place and its stream says so',
    ]);
    const made = new Map([['storage-default.shop-data/g1', 2]]);
    expect(broken(STORY, { ...place, made })).toEqual(['storage-default.shop-data/g1 was made 2 times']);
  });

  test('a request that failed and left something done', () => {
    const failed = STORY.map((event) => (event.type === 'RequestSucceeded' ? request('RequestFailed') : event));
    expect(broken(failed, place)).toEqual(['request-r1: It failed and storage/shop-data was not undone']);
  });
});
