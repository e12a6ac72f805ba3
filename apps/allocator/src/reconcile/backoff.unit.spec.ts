import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.js';

describe('what failed', () => {
  it('is tried again after pauses that grow up to five minutes, until it succeeds', () => {
    const backoff = new Backoff(() => 1_000);
    const pauses = Array.from({ length: 11 }, () => backoff.failed('default.lease-1', 'prepare', 'no').retryAt - 1_000);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
    expect([backoff.until('default.lease-1', 'prepare'), backoff.until('default.lease-1', 'takeBack')]).toEqual([301_000, 0]);
    backoff.succeeded('default.lease-1', 'prepare');
    expect([backoff.until('default.lease-1', 'prepare'), backoff.of('default.lease-1'), backoff.failing(9)]).toEqual([
      0,
      undefined,
      [],
    ]);
    expect(backoff.failed('default.lease-1', 'prepare', 'no', 4)).toEqual({ tries: 5, retryAt: 17_000 });
  });

  it('is told by whom it failed for, the one that is tried again last, and forgotten with him alone', () => {
    const backoff = new Backoff(() => 0);
    backoff.failed('default.host-1', 'update', 'too small');
    backoff.failed('default.host-1', 'manage', 'no answer', 7);
    backoff.failed('default.host-11', 'destroy', 'gone');
    expect(backoff.of('default.host-1')).toMatchObject({ tries: 8, reason: 'no answer' });
    expect(backoff.failing(2)).toEqual([
      'default.host-1 update failed 1 times: too small',
      'default.host-1 manage failed 8 times: no answer',
    ]);
    backoff.forget('default.host-1');
    expect(backoff.failing(9)).toEqual(['default.host-11 destroy failed 1 times: gone']);
  });
});
