import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiError } from '@slipway/client';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';

inBothModes('One name, one winner; one key, one request', ({ processes }) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await TestMesh.start({ processes });
  }, 120_000);
  afterAll(() => mesh?.remove(), 60_000);

  const codeOf = (error: unknown) => (error as ApiError).code;

  it('gives the name to one of two owners who ask at once, and 409 to the other', async () => {
    const ask = (ownerId: string) => mesh.client().provision({ ownerId, instanceId: 'contested', definition: 'guestbook' });
    const answers = await Promise.allSettled(['ada', 'bob', 'cy', 'dee'].map(ask));
    const won = answers.filter((answer) => answer.status === 'fulfilled');
    const lost = answers.filter((answer) => answer.status === 'rejected');
    expect(won).toHaveLength(1);
    for (const { reason } of lost)
      expect((reason as ApiError).problem).toMatchObject({
        status: 409,
        code: 'name-taken',
        detail: expect.stringContaining('contested'),
      });
    const request = await mesh.client().wait(won[0]!.value.requestId);
    expect(request.status).toBe('succeeded');
    expect((await mesh.client().requests.list({ filter: { instanceId: 'contested' } })).items).toHaveLength(1);
  });

  it('answers the same key the same, however often and however concurrently it is sent', async () => {
    const client = mesh.client();
    const job = { ownerId: 'ada', instanceId: 'keyed', definition: 'guestbook' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.provision(job, { idempotencyKey: 'the-same-key' })));
    expect(new Set(answers.map((answer) => answer.requestId)).size).toBe(1);
    await client.wait(answers[0]!.requestId);
    const again = await client.provision(job, { idempotencyKey: 'the-same-key' });
    expect(again.requestId).toBe(answers[0]!.requestId);
    const { items } = await client.requests.events(again.requestId);
    expect(items.filter((event) => event.type === 'RequestAccepted')).toHaveLength(1);
  });

  it('refuses the same key with another body', async () => {
    const other = mesh
      .client()
      .provision({ ownerId: 'ada', instanceId: 'other', definition: 'guestbook' }, { idempotencyKey: 'the-same-key' });
    await expect(other).rejects.toMatchObject({ problem: { status: 422, code: 'key-reused' } });
  });

  it('refuses a name that another owner has installed, and to give back what is not there', async () => {
    await expect(mesh.client().provision({ ownerId: 'eve', instanceId: 'keyed' })).rejects.toMatchObject({
      problem: { status: 409 },
    });
    const nothing = await mesh.client().deprovision({ instanceId: 'nothing-here' }).catch(codeOf);
    expect(nothing).toBe('not-found');
  });
});
