import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SlipwayClient, WaitOptions } from '@slipway/client';
import type { RequestView, ResourceView } from '@slipway/contracts/http';
import { ensureSample } from './sample.js';

/** What the sample sees of a mesh: requests that were accepted before, and how each goes on. */
class Mesh {
  instances: Partial<ResourceView>[] = [];
  requests: Partial<RequestView>[] = [];
  asked = 0;
  /** What a request looks like next, from one look to the other; the last is where it stays. */
  course: Partial<RequestView>[] = [];
  ends = () => {};

  get client(): SlipwayClient {
    return {
      instances: { list: async () => ({ items: this.instances }) },
      requests: {
        list: async ({ filter }: { filter: { status: string[] } }) => ({
          items: this.requests.filter(({ status }) => filter.status.includes(status!)),
        }),
      },
      provision: async () => {
        this.asked += 1;
        return { requestId: 'new' };
      },
      wait: async (id: string, { onUpdate, signal }: WaitOptions) => {
        let now = {} as RequestView;
        for (const change of this.course) {
          now = { id, environment: 'default', job: 'provision', steps: [], ...change } as unknown as RequestView;
          onUpdate?.(now);
          signal?.throwIfAborted();
        }
        this.ends();
        return now;
      },
    } as unknown as SlipwayClient;
  }
}

describe('the sample', () => {
  let server: Server;
  let url: string;
  let mesh: Mesh;
  let said: string[];
  beforeEach(async () => {
    server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    mesh = new Mesh();
    said = [];
  });
  afterEach(() => void server.close());
  const ensure = (answerWithinMs = 1_000) =>
    ensureSample({ client: mesh.client, definition: 'guestbook', say: (line) => said.push(line), answerWithinMs });
  const appears = () => (mesh.instances = [{ outputs: { url } }]);

  it('that is there is not provisioned again', async () => {
    appears();
    expect(await ensure()).toBe(url);
    expect([mesh.asked, said]).toEqual([0, ['The sample service guestbook is there already; nothing to provision.']]);
  });

  it.each(['queued', 'running', 'undoing'] as const)(
    'that an earlier start has asked for (%s) is waited for, and why it waits is told; nothing is asked for again',
    async (status) => {
      mesh.requests = [{ id: 'r1', job: 'provision', status }];
      const waiting = { code: 'limit-reached', reason: '256 requests are being carried out, as many as are allowed at once' };
      mesh.course = [{ status: 'queued', waiting }, { status: 'running' }, { status: 'succeeded' }];
      mesh.ends = appears;
      expect(await ensure()).toBe(url);
      expect(mesh.asked).toBe(0);
      expect(said).toEqual([
        `A request to provision the sample service guestbook is under way (r1, ${status}); waiting for it ...`,
        `  waiting  ${waiting.reason}`,
      ]);
    },
  );

  it('that is just being taken away is provisioned again once it is gone', async () => {
    mesh.requests = [{ id: 'r1', job: 'deprovision', status: 'running' }];
    mesh.course = [{ status: 'succeeded' }];
    mesh.ends = () => mesh.asked > 0 && appears();
    expect(await ensure()).toBe(url);
    expect(mesh.asked).toBe(1);
  });

  it('whose request ended long ago is asked for anew', async () => {
    mesh.requests = [{ id: 'r1', job: 'provision', status: 'failed' }];
    mesh.course = [{ status: 'succeeded' }];
    mesh.ends = appears;
    expect(await ensure()).toBe(url);
    expect(mesh.asked).toBe(1);
  });

  const cause = { code: 'driver-failed', message: 'the disk is gone', hint: 'Mend it.' };
  it.each([
    [{ status: 'paused', paused: true }, /is paused/, ['resume', 'r1']],
    [{ status: 'attention', cause }, /needs attention: the disk is gone\. Mend it\./, ['retry', 'r1']],
    [
      { status: 'queued', waiting: { code: 'dispatch-paused', reason: 'Dispatching is paused in the environment default' } },
      /has to wait: Dispatching is paused/,
      ['environments', 'resume', 'default'],
    ],
    [{ status: 'failed', cause }, /could not be provisioned: the disk is gone\. Mend it\./, ['logs', 'r1']],
    [{ status: 'cancelled' }, /could not be provisioned: its request is cancelled/, ['logs', 'r1']],
  ])('whose request does not go on by itself (%j) says so, with the commands to try', async (found, message, command) => {
    mesh.requests = [{ id: 'r1', job: 'provision', status: 'running' }];
    mesh.course = [{ status: 'running' }, found as unknown as Partial<RequestView>];
    const trouble = await ensure().catch((error: unknown) => error);
    expect(trouble).toMatchObject({
      message: expect.stringMatching(message),
      look: expect.arrayContaining([['requests', 'r1']]),
    });
    expect((trouble as { look: string[][] }).look).toContainEqual(command);
    expect(mesh.asked).toBe(0);
  });

  it('that does not answer is named', async () => {
    mesh.instances = [{ outputs: { url: 'http://127.0.0.1:1' } }];
    await expect(ensure(0)).rejects.toMatchObject({
      message: expect.stringMatching(/does not answer at http:\/\/127\.0\.0\.1:1/),
      look: [['instances', 'guestbook']],
    });
  });
});
