import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { COMPLETING, JOBS, completionOf } from '@slipway/contracts';
import { completionStreamName } from './completions.js';
import { RELAY_HEADERS } from './event-stream.js';
import { eventStreamName } from './recorded-events.js';

const page = readFileSync(new URL('../../../../docs/reference/events.md', import.meta.url), 'utf8');

test('the reference of events tells the headers of what is relayed, and its stream', () => {
  const told = page.slice(page.indexOf('\n## On NATS'), page.indexOf('\n## Completions'));
  const headers = [...told.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  expect(headers).toEqual([...Object.values(RELAY_HEADERS), 'Nats-Msg-Id']);
  expect(told).toContain(`\`${eventStreamName('<mesh>')}\``);
});

test('the reference of events tells every completion, and the event that tells it', () => {
  const told = page.slice(page.indexOf('\n## Completions'), page.indexOf('\n## On the WebSocket'));
  const rows = [...told.matchAll(/^\| `([^`]+)` \| `([^`]+)`/gm)].map(([, completion, type]) => `${completion} ${type}`);
  const there = COMPLETING.flatMap((type) =>
    JOBS.map((job) => completionOf(type, job)).flatMap((completion) => (completion ? [`${completion} ${type}`] : [])),
  );
  expect(rows.toSorted()).toEqual([...new Set(there)].toSorted());
  expect(told).toContain(`\`${completionStreamName('<mesh>')}\``);
});
