import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { standing } from './place.js';
import { slipway } from './slipway.js';

/** A server of the outside, such as `kurrentdb://127.0.0.1:2113?tls=false`. `SLIPWAY_EVENT_LOG` takes all other suites there. */
const url = process.env.KURRENTDB_URL;
const name = `The main job with KurrentDB as the event log${url ? '' : ' (skipped: no KURRENTDB_URL)'}`;

(url ? describe : describe.skip)(name, () => {
  /** A server keeps what earlier runs have recorded: each run has an environment of its own. */
  const environment = `run-${Date.now().toString(36)}`;
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes: true, env: { SLIPWAY_EVENT_LOG: url! } });
  }, 180_000);
  afterAll(() => mesh?.remove(), 60_000);

  it('provisions a service, shows it, and gives it back after everything was killed', async () => {
    const made = await slipway(mesh, ['provision', `--environment=${environment}`, '--definition=guestbook', 'ada', 'shop']);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('3 made') });
    expect((await fetch(/http:\/\/\S+/.exec(made.stdout)![0])).status).toBe(200);
    expect((await mesh.client().instances.get(`${environment}.shop`)).status).toBe('present');
    const { items } = await mesh.client().events({ environment, category: ['request'] }, { limit: 500 });
    expect(items[0]).toMatchObject({ type: 'RequestAccepted', ownerId: 'ada' });
    expect(items.at(-1)!.type).toBe('RequestSucceeded');

    await mesh.killEverything();
    await mesh.startEverything();
    const again = await slipway(mesh, ['provision', `--environment=${environment}`, '--definition=guestbook', 'ada', 'shop']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('there already') });
    const back = await slipway(mesh, ['deprovision', `--environment=${environment}`, 'shop']);
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('3 removed') });
    expect(standing(mesh.data)).toEqual([]);
  }, 240_000);
});
