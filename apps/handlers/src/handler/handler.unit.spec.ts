import { describe, expect, test } from '@jest/globals';
import type { HandledEvent, HandlerEvent } from '@slipway/contracts';
import { given } from '@slipway/event-store/testing';
import { handler, type HandlerCommand } from './handler.js';

const ADA = { id: 'ada', type: 'user' } as const;
const event = (n: number): HandledEvent => ({ eventId: `e${n}`, name: 'dfe.provisioned', stream: `request-${n}`, revision: n });
const cause = { code: 'handler-failed', message: 'no', hint: 'mend it' } as const;
const at = '2026-01-05T09:30:00.000Z';
const registered: HandlerEvent = { type: 'HandlerRegistered', data: { handler: 'welcome' } };
const succeeded = (n: number): HandlerEvent => ({ type: 'HandlerSucceeded', data: event(n) });
const parked = (n: number): HandlerEvent => ({ type: 'HandlerParked', data: { ...event(n), tries: 5, cause, at } });
const retried = (n: number): HandlerEvent => ({ type: 'HandlerRetried', data: { eventId: `e${n}`, actor: ADA } });
const stateOf = (...events: HandlerEvent[]) => events.reduce(handler.evolve, handler.initialState());

describe('a handler', () => {
  test('is registered once', () => {
    given(handler).when({ type: 'Register', handler: 'welcome' }).then([registered]);
    given(handler, [registered]).when({ type: 'Register', handler: 'welcome' }).then([]);
  });

  test('has an event behind it when it was handled, or parked', () => {
    given(handler, [registered])
      .when({ type: 'Succeed', event: event(1), after: null })
      .then([succeeded(1)]);
    given(handler, [registered, succeeded(1)])
      .when({ type: 'Park', event: event(2), after: 'e1', tries: 5, cause, at })
      .then([parked(2)]);
    expect(stateOf(registered, succeeded(1), parked(2))).toMatchObject({
      last: { eventId: 'e2' },
      parked: [{ eventId: 'e2', retrying: false, parkedAt: at, cause }],
    });
  });

  test.each(['Succeed', 'Park'] as const)('H1: refuses %s of one that rests on an older event: another has gone on', (type) => {
    given(handler, [registered, succeeded(1), succeeded(2)])
      .when({ type, event: event(2), after: 'e1', tries: 5, cause, at } as HandlerCommand)
      .thenRefuses('epoch-old');
  });

  test('H2: a parked event is tried again when somebody wants it, and is no more when it was handled', () => {
    const retry = { type: 'Retry', eventId: 'e1', actor: ADA } as const;
    given(handler, [registered, parked(1), succeeded(2)])
      .when(retry)
      .then([retried(1)]);
    given(handler, [registered, parked(1), retried(1)])
      .when(retry)
      .then([]);
    given(handler, [registered, parked(1), succeeded(2), retried(1)])
      .when({ type: 'Succeed', event: event(1), after: null })
      .then([succeeded(1)]);
    expect(stateOf(registered, parked(1), succeeded(2), retried(1), succeeded(1))).toEqual({
      registered: true,
      last: event(2),
      parked: [],
    });
  });

  test('H2: one that fails again is parked again, and goes back no step', () => {
    const state = stateOf(registered, parked(1), succeeded(2), retried(1), parked(1));
    expect(state).toMatchObject({ last: { eventId: 'e2' }, parked: [{ eventId: 'e1', retrying: false }] });
  });

  test('a parked event that nobody wants to be tried again is not handled by chance', () => {
    given(handler, [registered, parked(1)])
      .when({ type: 'Succeed', event: event(1), after: 'e1' })
      .thenRefuses('epoch-old');
  });

  test('discards with a reason; what is not parked is not found', () => {
    const discard = { type: 'Discard', eventId: 'e1', actor: ADA, reason: 'a test' } as const;
    const discarded: HandlerEvent = { type: 'HandlerDiscarded', data: { eventId: 'e1', actor: ADA, reason: 'a test' } };
    given(handler, [registered, parked(1)])
      .when(discard)
      .then([discarded]);
    expect(stateOf(registered, parked(1), discarded).parked).toEqual([]);
    given(handler, [registered, parked(1), discarded])
      .when(discard)
      .thenRefuses('not-found');
    given(handler, [registered]).when({ type: 'Retry', eventId: 'e1', actor: ADA }).thenRefuses('not-found');
  });
});
