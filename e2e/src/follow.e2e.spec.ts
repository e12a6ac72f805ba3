import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventView } from '@slipway/contracts';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';

inBothModes('Following what is recorded', ({ processes }) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  /** Provisions and returns the request's id once it has ended. */
  const provision = async (instanceId: string) => {
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId, definition: 'guestbook' });
    await mesh.client().wait(requestId);
    return requestId;
  };

  it('misses nothing and gets nothing twice, although the gateway is killed in the middle', async () => {
    const seen: EventView[] = [];
    const ended = new AbortController();
    const following = (async () => {
      for await (const frame of mesh.client().live.follow({ from: 'start', signal: ended.signal })) {
        if (frame.type === 'event') seen.push(frame.event);
      }
    })();
    await provision('first');
    await mesh.hostOf('gateway').kill();
    await mesh.hostOf('gateway').start();
    await mesh.ready();
    const last = await provision('second');
    for (
      let tries = 0;
      tries < 200 && !seen.some((event) => event.type === 'RequestSucceeded' && event.requestId === last);
      tries++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    ended.abort();
    await following;
    const { position } = seen.at(-1)!;
    const recorded: EventView[] = [];
    for (let after: string | undefined; ;) {
      const page = await mesh.client().events({}, { limit: 500, ...(after && { after }) });
      recorded.push(...page.items);
      if (!page.next) break;
      after = page.next;
    }
    const until = recorded.filter((event) => event.position <= position);
    expect(seen.map((event) => event.id)).toEqual(until.map((event) => event.id));
  }, 120_000);

  it('filters by type, category, environment, request and owner', async () => {
    const requestId = await provision('filtered');
    const all = await mesh.client().events({ request: requestId }, { limit: 500 });
    expect(new Set(all.items.map((event) => event.requestId))).toEqual(new Set([requestId]));
    expect(new Set(all.items.map((event) => event.category))).toEqual(
      new Set(['request', 'environment', 'storage', 'database', 'instance']),
    );
    const storages = await mesh.client().events({ category: ['storage'], environment: 'default' }, { limit: 500 });
    expect(new Set(storages.items.map((event) => event.category))).toEqual(new Set(['storage']));
    const accepted = await mesh.client().events({ type: ['RequestAccepted'], owner: 'ada' }, { limit: 500 });
    expect(new Set(accepted.items.map((event) => event.type))).toEqual(new Set(['RequestAccepted']));
    expect((await mesh.client().events({ owner: 'nobody' })).items).toEqual([]);
  }, 60_000);

  it("an owner's filter delivers the resources too, over REST and over the WebSocket", async () => {
    const ofResources = { category: ['storage', 'database', 'instance'] };
    const requestId = await provision('owned');
    const removal = (await mesh.client().deprovision({ instanceId: 'owned' })).requestId;
    await mesh.client().wait(removal);
    for (const request of [requestId, removal]) {
      const all = await mesh.client().events({ request, category: [...ofResources.category, 'environment'] }, { limit: 500 });
      expect(new Set(all.items.map((event) => event.category)).size).toBe(4);
      expect(all.items.filter((event) => event.ownerId !== 'ada').map((event) => event.type)).toEqual([]);
    }
    const filter = { owner: 'ada', ...ofResources };
    const { items } = await mesh.client().events(filter, { limit: 500 });
    expect(new Set(items.map((event) => event.category))).toEqual(new Set(ofResources.category));
    const followed: string[] = [];
    for await (const frame of mesh.client().live.follow({ filter, from: 'start' })) {
      if (frame.type === 'event') followed.push(frame.event.id);
      else if (frame.type === 'caught-up') break;
    }
    expect(followed.slice(0, items.length)).toEqual(items.map((event) => event.id));
  }, 60_000);
});
