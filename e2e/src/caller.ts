import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventView, JobKind } from '@slipway/contracts';
import type { RequestView } from '@slipway/contracts/http';
import type { TestMesh } from '@slipway/testing';

/** Somebody who does not know whether he was heard: asks again, with the same key, until he is answered. */
export class Caller {
  /** `patienceMs`: how long one answer, and one request, may take. */
  constructor(
    private readonly mesh: TestMesh,
    private readonly patienceMs: number,
  ) {}

  async insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (const until = Date.now() + this.patienceMs; ; await sleep(50)) {
      try {
        return await ask();
      } catch (error) {
        if (Date.now() > until) throw new Error(`${(error as Error).message}\n${this.mesh.logs()}`, { cause: error });
      }
    }
  }

  /** Asks for a job, and waits until it has succeeded. */
  async job(kind: JobKind, body: object): Promise<RequestView> {
    const idempotencyKey = randomUUID();
    const client = this.mesh.client();
    const { requestId } = await this.insist(() => client[kind as 'provision'](body as never, { idempotencyKey }));
    const request = await client.wait(requestId, { timeoutMs: this.patienceMs });
    if (request.status === 'succeeded') return request;
    throw new Error(`${kind} has ${request.status}: ${JSON.stringify(request.cause)}\n${this.mesh.logs()}`);
  }

  /** Where an instance answers. */
  async urlOf(name: string): Promise<string> {
    return String((await this.insist(() => this.mesh.client().instances.get(name))).outputs.url);
  }

  /** All that was recorded. */
  async recorded(): Promise<EventView[]> {
    const events: EventView[] = [];
    for (let after: string | undefined; ;) {
      const page = { limit: 500, ...(after && { after }) };
      const { items, next } = await this.insist(() => this.mesh.client().events({}, page));
      events.push(...items);
      if (!next) return events;
      after = next;
    }
  }
}
