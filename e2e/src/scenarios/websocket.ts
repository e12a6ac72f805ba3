import type { EventView, Plan } from '@slipway/contracts';
import type { Accepted, RequestView, ResourceView, SnapshotView } from '@slipway/contracts/http';
import type { TestMesh } from '@slipway/testing';
import { isLast, isSettled, refusing, type Door } from './door.js';

/** Frames alone: every operation as an action, and what goes on by a subscription. */
export function webSocketDoor(mesh: TestMesh): Door {
  const client = mesh.client();
  const call = <T>(action: string, body: object, headers: Record<string, string> = {}): Promise<T> =>
    refusing(client.actions.call<T>(action, body, { headers }));
  const door: Door = {
    name: 'WebSocket',
    plan: (body) => call<Plan>('plan', body),
    ask: (job, body, key) => call<Accepted>(job, body, key === undefined ? {} : { 'Idempotency-Key': key }),
    tell: (verb, id, reason) => call(`${verb}-request`, { id, ...(reason !== undefined && { reason }) }),
    request: (id) => call<RequestView>('get-request', { id }),
    async settled(id) {
      let request = await door.request(id);
      if (isSettled(request)) return request;
      for await (const frame of client.live.follow({ filter: { request: id }, from: request.position })) {
        if (frame.type !== 'caught-up') continue;
        request = await call<RequestView>('get-request', { id }, { 'Slipway-At-Least': frame.position });
        if (isSettled(request)) break;
      }
      return request;
    },
    async follow(id) {
      const events: EventView[] = [];
      for await (const frame of client.live.follow({ filter: { request: id, category: ['request'] }, from: 'start' })) {
        if (frame.type !== 'event') continue;
        events.push(frame.event);
        if (isLast(frame.event)) break;
      }
      return events;
    },
    instance: (id) => call<ResourceView>('get-instance', { id }),
    snapshot: (id) => call<SnapshotView>('get-snapshot', { id }),
    close: () => client.actions.close(),
  };
  return door;
}
