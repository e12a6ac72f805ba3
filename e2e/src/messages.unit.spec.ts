import { expect, it } from '@jest/globals';
import { MESSAGES, type AskedMessage } from '@slipway/contracts';
import { MessageTraffic } from './message-traffic.js';

const traffic = new MessageTraffic();

it('who asks what is what is listed', () => {
  expect(sorted(traffic.asked)).toEqual(sorted(perHandler(({ senders }) => senders)));
});

it('what is handled, and the schema that checks it, is what is listed', () => {
  expect(traffic.handled).toEqual(new Map(perHandler(({ body }) => body)));
});

it('who publishes what is what is listed', () => {
  expect(sorted(listed(traffic.published))).toEqual(sorted(MESSAGES.told.map(({ subject, senders }) => [subject, senders])));
});

it('who subscribes to what is what is listed', () => {
  const handled = MESSAGES.told.filter(({ handlers }) => handlers.length > 0);
  expect(sorted(listed(traffic.heard))).toEqual(sorted(handled.map(({ subject, handlers }) => [subject, handlers])));
});

/** `<service>.<verb>` of all that is asked. */
function perHandler<T>(of: (message: AskedMessage) => T): [string, T][] {
  return MESSAGES.asked.flatMap((message) =>
    message.handlers.map((handler): [string, T] => [`${handler}.${message.verb}`, of(message)]),
  );
}

/** By the listed subject that each is one of; as it is found where it is one of none. */
function listed(found: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const by = new Map<string, Set<string>>();
  for (const [subject, services] of found) {
    const name = MESSAGES.told.find((message) => patternOf(message.subject).test(subject))?.subject ?? subject;
    by.set(name, new Set([...(by.get(name) ?? []), ...services]));
  }
  return by;
}

/** `<service>` stands for one part of a subject. */
const patternOf = (subject: string): RegExp => new RegExp(`^${subject.replaceAll('.', '\\.').replaceAll(/<\w+>/g, '[^.]+')}$`);

const sorted = (lists: Iterable<readonly [string, Iterable<string>]>): Record<string, string[]> =>
  Object.fromEntries([...lists].map(([name, services]) => [name, [...services].toSorted()]));
