import { expect, it } from '@jest/globals';
import type { EventView } from '@slipway/contracts';
import { EventLines } from './event-lines.js';

const event = (type: string, stream: string) =>
  ({ type, stream, recordedAt: '2026-11-21T12:17:13.123Z', data: { stepId: 'instance/shop' } }) as unknown as EventView;
const [short, long] = [
  event('Started', 'instance-default.shop'),
  event('InstanceRestartObserved', `instance-default.${'x'.repeat(63)}`),
];
const columns = (lines: string[]) => lines.map((line) => [line.indexOf('instance-'), line.indexOf('instance/')]);

it('events that are shown together have columns that line up, however long a stream or a type is called', () => {
  expect(new Set(columns(new EventLines().of([short, long])).map(String)).size).toBe(1);
});

it('events that come one by one line up with the widest before them', () => {
  const lines = new EventLines();
  const [, ...later] = columns([short, long, short].flatMap((one) => lines.of([one])));
  expect(later[0]).toEqual(later[1]);
});

it('an event without more to say ends with its stream', () => {
  expect(new EventLines().of([{ ...short, data: {} } as EventView])).toEqual([
    '2026-11-21 12:17:13  Started                 instance-default.shop',
  ]);
});
