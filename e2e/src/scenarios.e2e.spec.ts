import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { standing } from './place.js';
import { cliDoor } from './scenarios/cli.js';
import type { Door } from './scenarios/door.js';
import { restDoor } from './scenarios/rest.js';
import { SCENARIOS } from './scenarios/scenarios.js';
import { webSocketDoor } from './scenarios/websocket.js';
import { Trouble } from './trouble.js';

const DOORS: Record<string, (mesh: TestMesh) => Door> = { REST: restDoor, CLI: cliDoor, WebSocket: webSocketDoor };
const nameOf = (scenario: string, door: string) => `${scenario}-${door}`.toLowerCase().replaceAll(' ', '-');

let trouble: Trouble;
let mesh: TestMesh;
beforeAll(async () => {
  trouble = new Trouble();
  mesh = await TestMesh.start({ settings: trouble.settings });
}, 120_000);
afterAll(async () => {
  await mesh?.remove();
  trouble.remove();
}, 60_000);

describe.each(Object.keys(DOORS))('One table of scenarios, through %s', (which) => {
  let door: Door;
  beforeAll(() => {
    door = DOORS[which]!(mesh);
  });
  afterAll(() => door.close());

  it.each(Object.keys(SCENARIOS))(
    '%s',
    async (scenario) => {
      const name = nameOf(scenario, which);
      const scene = {
        ...{ door, name, mend: (mended: boolean) => trouble.mend(mended) },
        standing: () => standing(mesh.data).filter((path) => path.includes(`default.${name}`)),
      };
      await SCENARIOS[scenario]!(scene);
    },
    180_000,
  );
});

describe('What a scenario has asked for', () => {
  it.each(Object.keys(SCENARIOS))('is recorded the same whichever way it came: %s', async (scenario) => {
    const { items } = await mesh.client().events({ type: ['RequestAccepted'] }, { limit: 500 });
    const asked = Object.keys(DOORS).map((door) => {
      const name = nameOf(scenario, door);
      const mine = items.filter(({ data }) => data['name'] === name);
      return mine.map(({ data: { job, environment, owner, actor, body, priority, keepOnFailure } }) => ({
        ...{ job, environment, owner, actor, priority, keepOnFailure },
        body: { ...(body as object), instanceId: 'the same', ...('snapshot' in (body as object) && { snapshot: 'its own' }) },
      }));
    });
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[2]).toEqual(asked[0]);
    expect(asked[0]!.length > 0).toBe(scenario !== 'plan');
  });
});
