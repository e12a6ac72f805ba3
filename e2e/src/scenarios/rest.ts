import { setTimeout as sleep } from 'node:timers/promises';
import type { EventView } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { TestMesh } from '@slipway/testing';
import { isLast, isSettled, refusing, type Door } from './door.js';

/** REST alone, by the client's facade: what goes on is asked for again and again. */
export function restDoor(mesh: TestMesh): Door {
  const client = mesh.client();
  const door: Door = {
    name: 'REST',
    plan: (body) => refusing(client.plan(body as never)),
    ask: (job, body, idempotencyKey) => {
      const ask = client[job] as (body: object, options: object) => Promise<Accepted>;
      return refusing(ask(body, idempotencyKey === undefined ? {} : { idempotencyKey }));
    },
    tell: async (verb, requestId, reason) => void (await refusing(client.requests[verb](requestId, reason as string))),
    request: (id) => refusing(client.requests.get(id)),
    async settled(id) {
      for (;;) {
        const request = await door.request(id);
        if (isSettled(request)) return request;
        await sleep(50);
      }
    },
    async follow(id) {
      const events: EventView[] = [];
      for (let cursor: string | undefined; ; await sleep(50)) {
        const page = await refusing(client.requests.events(id, cursor === undefined ? {} : { cursor }));
        events.push(...page.items);
        if (events.some(isLast)) return events;
        cursor = page.position;
      }
    },
    instance: (id) => refusing(client.instances.get(id)),
    snapshot: (id) => refusing(client.snapshots.get(id)),
    close: () => {},
  };
  return door;
}
