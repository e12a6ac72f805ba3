import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Readiness, ViewsState } from '@slipway/contracts/http';
import { untilReady, type UntilReadyOptions } from './until-ready.js';

const READY: Readiness = { ready: true, checks: [] };
const lacking = (name: string, reason: string): Readiness => ({ ready: false, checks: [{ name, ready: false, reason }] });
const away = new Error('No Slipway gateway answers');

describe('waiting until the mesh is ready', () => {
  let said: string[];
  let stopped: ViewsState['stopped'];
  beforeEach(() => {
    said = [];
    stopped = [];
  });
  /** The gateway answers one after the other; the last answer stays. */
  const wait = (answers: (Readiness | Error)[], withinMs: number) => {
    const client = {
      ready: async () => {
        const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      views: { state: async () => ({ position: '', building: [], stopped }) },
    };
    const gateway = {
      ...{ url: 'http://here', client },
      command: (...args: string[]) => `npx slipway ${args.join(' ')}`,
    };
    return untilReady({
      gateway: () => gateway,
      say: (line: string) => said.push(line),
      withinMs,
    } as unknown as UntilReadyOptions);
  };

  it('says nothing while it takes no longer than it may', async () => {
    await wait([away, lacking('resolver', 'not there yet'), READY], 10_000);
    expect(said).toEqual([]);
  });

  it('what has not come in time is told once and waited for, also while the gateway is started again', async () => {
    const sick = lacking('storage at local', 'no server');
    await wait([sick, sick, away, sick, READY], 0);
    expect(said).toEqual([
      '',
      'WARNING: http://here answers, but is not ready. The mesh stays up, and goes on once this is mended:',
      '  storage at local: no server',
      'To look further:',
      '  npx slipway doctor',
    ]);
  });

  it('a view that has stopped at an event is told at once, with the way to skip it by hand', async () => {
    stopped = [{ view: 'instances', reason: 'it can’t take event e1', eventId: 'e1' }];
    await wait([lacking('views', 'instances has stopped: it can’t take event e1'), READY], 60_000);
    expect(said).toContain('  views: instances has stopped: it can’t take event e1');
    expect(said).toContain('  npx slipway views skip instances e1');
  });

  it('a gateway that never answers ends it', async () => {
    await expect(wait([away], 0)).rejects.toThrow('The gateway did not answer in 0 s: No Slipway gateway answers');
  });
});
