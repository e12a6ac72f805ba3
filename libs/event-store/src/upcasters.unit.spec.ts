import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from './port.js';
import { Upcasters } from './upcasters.js';

const event = (type: string, version: number, data: RecordedEvent['data']): RecordedEvent => ({
  id: '00000000-0000-4000-8000-000000000000',
  type,
  version,
  data,
  metadata: { actor: { id: 'ada', type: 'user' } },
  stream: 'request-1',
  revision: 3,
  position: 'p',
  recordedAt: '2026-01-01T00:00:00.000Z',
});

const upcasters = new Upcasters([
  { type: 'Moved', from: 2, up: ({ to, ...data }) => ({ ...data, to: { host: to! } }) },
  { type: 'Moved', from: 1, up: ({ where, ...data }, old) => ({ ...data, to: where!, at: old.recordedAt }) },
]);

describe('upcasters', () => {
  it('lift an event through all versions to the newest', () => {
    const newest = { to: { host: 'a' }, at: '2026-01-01T00:00:00.000Z' };
    expect(upcasters.lift(event('Moved', 1, { where: 'a' }))).toEqual(event('Moved', 3, newest));
    expect(upcasters.lift(event('Moved', 2, { to: 'a', at: newest.at }))).toEqual(event('Moved', 3, newest));
    expect(upcasters.lift(event('Moved', 3, newest))).toEqual(event('Moved', 3, newest));
  });

  it('leave a type alone that has no old version', () => {
    expect(upcasters.newest('Moved')).toBe(3);
    expect(upcasters.newest('Other')).toBe(1);
    expect(upcasters.lift(event('Other', 1, { x: 1 }))).toEqual(event('Other', 1, { x: 1 }));
  });

  it('refuse what a newer release wrote, and name it', () => {
    const refusal = { code: 'event-too-new', details: { stream: 'request-1', revision: 3, version: 4, known: 3 } };
    expect(() => upcasters.lift(event('Moved', 4, {}))).toThrow(
      expect.objectContaining({ code: refusal.code, details: expect.objectContaining(refusal.details) }),
    );
    expect(() => upcasters.lift(event('Other', 2, {}))).toThrow(expect.objectContaining({ code: 'event-too-new' }));
  });

  it('refuse a registry with a gap', () => {
    const up = () => ({});
    expect(() => new Upcasters([{ type: 'Moved', from: 2, up }])).toThrow('expected one from version 1');
    expect(() => new Upcasters([1, 1].map((from) => ({ type: 'Moved', from, up })))).toThrow('expected one from version 2');
  });
});
