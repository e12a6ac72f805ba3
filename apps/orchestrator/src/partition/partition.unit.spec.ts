import { describe, expect, test } from '@jest/globals';
import type { PartitionEvent } from '@slipway/contracts';
import { given as givenEvents } from '@slipway/event-store/testing';
import { PARTITIONS, partition, partitionOf } from './partition.js';

const claimed = (replica: string, epoch: number): PartitionEvent => ({ type: 'PartitionClaimed', data: { replica, epoch } });
const released = (replica: string, epoch: number): PartitionEvent => ({ type: 'PartitionReleased', data: { replica, epoch } });
const given = (...events: PartitionEvent[]) => givenEvents(partition, events);

describe('a partition', () => {
  test('free: claimed; epochs grow', () => {
    given()
      .when({ type: 'Claim', replica: 'one', silent: false })
      .then([claimed('one', 1)]);
    given(claimed('one', 1), released('one', 1))
      .when({ type: 'Claim', replica: 'two', silent: false })
      .then([claimed('two', 2)]);
  });

  test('held by another: taken over only when that one is silent', () => {
    given(claimed('one', 1)).when({ type: 'Claim', replica: 'two', silent: false }).then([]);
    given(claimed('one', 1))
      .when({ type: 'Claim', replica: 'two', silent: true })
      .then([claimed('two', 2)]);
  });

  test('held by an earlier life of the same replica: taken over at once', () => {
    given(claimed('one', 1))
      .when({ type: 'Claim', replica: 'one', silent: false })
      .then([claimed('one', 2)]);
  });

  test('a release of an older epoch, or by another replica, is void', () => {
    given(claimed('one', 1), claimed('two', 2)).when({ type: 'Release', replica: 'one', epoch: 1 }).then([]);
    given(claimed('one', 1))
      .when({ type: 'Release', replica: 'one', epoch: 1 })
      .then([released('one', 1)]);
    given(claimed('one', 1), claimed('one', 2)).when({ type: 'Release', replica: 'one', epoch: 1 }).then([]);
    given(claimed('one', 2), released('one', 1)).when({ type: 'Claim', replica: 'two', silent: false }).then([]);
  });
});

test('a request is always in the same partition, and requests spread over all', () => {
  expect(partitionOf('84847d69-b31a-5bef-8017-4a39be11b4e3')).toBe(1);
  const ids = Array.from(
    { length: 64 },
    (_, n) => `${((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}-0000-5000-8000-000000000000`,
  );
  expect(new Set(ids.map(partitionOf)).size).toBe(PARTITIONS);
});
