import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { eventStreamName, RELAY_HEADERS } from './event-stream.js';

test('the reference of events tells the headers of what is relayed, and its stream', () => {
  const page = readFileSync(new URL('../../../../docs/reference/events.md', import.meta.url), 'utf8');
  const told = page.slice(page.indexOf('\n## On NATS'), page.indexOf('\n## On the WebSocket'));
  const headers = [...told.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  expect(headers).toEqual([...Object.values(RELAY_HEADERS), 'Nats-Msg-Id']);
  expect(told).toContain(`\`${eventStreamName('<mesh>')}\``);
});
