import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, randomHistory, replay } from './index.js';

describe('a random history', () => {
  it('depends on its seed alone', () => {
    expect(randomHistory(1)).toEqual(randomHistory(1));
    expect(randomHistory(1)).not.toEqual(randomHistory(2));
  });

  it('is taken by an empty log, whole', async () => {
    const log = new MemoryEventLog();
    const history = randomHistory(3, { appends: 100, streams: 6 });
    await replay(log, history);
    expect(log.events.map((event) => event.id)).toEqual(history.flatMap((append) => append.events.map((event) => event.id)));
    expect(new Set(log.events.map((event) => event.stream)).size).toBe(6);
  });
});
