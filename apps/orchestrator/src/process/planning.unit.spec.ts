import { expect, test } from '@jest/globals';
import { SlipwayError, type Plan, type RequestAccepted } from '@slipway/contracts';
import { MeshConfig } from '@slipway/mesh';
import type { Source } from '../snapshot/sources.js';
import { Planning, type Planned } from './planning.js';

test('an archive is read in only when there is a plan for it, not at each try while nobody answers', async () => {
  const answers: (Plan | SlipwayError)[] = [
    new SlipwayError('timed-out'),
    new SlipwayError('timed-out'),
    { outcome: 'unsatisfied', steps: [], unsatisfied: [] } as unknown as Plan,
    { outcome: 'planned', steps: [] } as unknown as Plan,
  ];
  let opened = 0;
  let now = 0;
  const source = { manifest: { definition: { name: 'guestbook', version: '1.0.0' }, parts: [] }, holder: 'r', known: false };
  const planner = {
    plan: async () => {
      const answer = answers.shift()!;
      if (answer instanceof SlipwayError) throw answer;
      return answer;
    },
  };
  const sources = { look: async () => source as unknown as Source, open: async () => void (opened += 1) };
  const ports = { clock: { now: () => now, after: () => () => {} }, config: new MeshConfig(), announced: () => undefined };
  const planning = new Planning(ports, planner as never, sources as never, 'r', async () => []);
  const accepted = { job: 'import', environment: 'default', name: 'copy', body: {} } as unknown as RequestAccepted;
  const ask = () =>
    new Promise<Planned>((told) => {
      now += 60_000;
      planning.ask(accepted, {} as never, {} as never, undefined, undefined, told);
    });
  const seen: unknown[] = [];
  for (let tries = 0; tries < 4; tries += 1) seen.push([(await ask()).kind, opened]);
  expect(seen).toEqual([
    ['later', 0],
    ['later', 0],
    ['plan', 0],
    ['plan', 1],
  ]);
});
