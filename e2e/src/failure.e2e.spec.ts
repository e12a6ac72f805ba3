import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestMesh } from '@slipway/testing';
import { inBothModes } from './modes.js';
import { processesIn, standing } from './place.js';
import { slipway } from './slipway.js';
import { Trouble } from './trouble.js';

inBothModes('What fails explains itself and leaves nothing behind', ({ processes }) => {
  let trouble: Trouble;
  let mesh: TestMesh;
  beforeAll(async () => {
    trouble = new Trouble();
    mesh = await TestMesh.start({ processes, settings: trouble.settings });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    trouble.remove();
  }, 60_000);

  it('a service that does not come up is tried again, then undone in reverse, and says why', async () => {
    const { code, stdout, stderr } = await slipway(mesh, ['provision', '--definition=fragile', 'ada', 'weak']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/provision weak failed: .*health/i);
    expect(stderr).toMatch(/instance\/weak .*next try at/);
    expect(standing(mesh.data)).toEqual([]);
    expect(processesIn(mesh.data)).toEqual([]);
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'weak' } })).items;
    expect(request!.cause).toMatchObject({ code: 'health-failed', hint: expect.any(String) });
    expect(await mesh.client().requests.logs(request!.id)).toContain('the flag is not up');
    const { items } = await mesh.client().requests.events(request!.id);
    const types = items.map((event) => event.type);
    expect(types.indexOf('UndoStarted')).toBeGreaterThan(types.indexOf('StepFailed'));
    expect(types.filter((type) => type === 'StepUndone').length).toBeGreaterThanOrEqual(2);
    expect(types.at(-1)).toBe('RequestFailed');
  }, 120_000);

  it('its name is free again, and a retry of the failed request can succeed', async () => {
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'weak' } })).items;
    trouble.mend();
    expect((await slipway(mesh, ['retry', request!.id])).code).toBe(0);
    const { code } = await slipway(mesh, ['wait', request!.id, '--timeout', '90']);
    expect(code).toBe(0);
    expect((await mesh.client().instances.get('default.weak')).status).toBe('present');
    expect((await slipway(mesh, ['deprovision', 'weak'])).code).toBe(0);
    trouble.mend(false);
  }, 120_000);

  it('kept on failure, a retry goes on from the failed step and makes nothing again', async () => {
    const first = await slipway(mesh, ['provision', '--keep', '--definition=fragile', 'ada', 'kept']);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain('needs attention');
    expect(standing(mesh.data)).toEqual(expect.arrayContaining(['database/default.kept-db/g1', 'storage/default.kept-data/g1']));
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'kept' } })).items;
    expect(request!.status).toBe('attention');
    await expect(mesh.client().provision({ ownerId: 'bob', instanceId: 'kept' })).rejects.toMatchObject({ code: 'name-taken' });
    trouble.mend();
    await mesh.client().requests.retry(request!.id);
    const { code } = await slipway(mesh, ['wait', request!.id, '--timeout', '90']);
    expect(code).toBe(0);
    const { items } = await mesh.client().requests.events(request!.id);
    expect(items.filter((event) => event.type === 'StepSucceeded' && event.data.stepId === 'storage/kept-data')).toHaveLength(1);
    expect((await slipway(mesh, ['deprovision', 'kept'])).code).toBe(0);
    trouble.mend(false);
  }, 120_000);

  it('abandoned, it frees the name, with the reason and what is left on record', async () => {
    await slipway(mesh, ['provision', '--keep', '--definition=fragile', 'ada', 'left']);
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'left' } })).items;
    expect((await slipway(mesh, ['abandon', request!.id])).code).toBe(2);
    expect((await slipway(mesh, ['abandon', request!.id, '--reason', 'the disk is gone'])).code).toBe(0);
    const ended = await mesh.client().wait(request!.id, { timeoutMs: 30_000 });
    expect(ended.status).toBe('abandoned');
    expect(ended.left!.map(({ resource }) => `${resource.kind}/${resource.name}`)).toEqual(
      expect.arrayContaining(['storage/left-data', 'database/left-db']),
    );
  }, 120_000);

  it('cancelled while it runs, it ends what runs and undoes the rest', async () => {
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'slow', definition: 'silent' });
    for (let tries = 0; tries < 200 && !standing(mesh.data).some((path) => path.startsWith('instance/default.slow')); tries++)
      await sleep(50);
    expect((await slipway(mesh, ['cancel', requestId, '--reason', 'changed my mind'])).code).toBe(0);
    const ended = await mesh.client().wait(requestId, { timeoutMs: 60_000 });
    expect(ended.status).toBe('cancelled');
    expect(standing(mesh.data).filter((path) => path.includes('slow'))).toEqual([]);
    expect(processesIn(mesh.data, 'default.slow')).toEqual([]);
    await expect(mesh.client().requests.cancel(requestId)).rejects.toMatchObject({ code: 'not-possible' });
  }, 120_000);

  it('what nothing provides is named before any step, with exit code 3', async () => {
    const { code, stdout } = await slipway(mesh, ['provision', '--definition=greedy', 'ada', 'greedy']);
    expect(code).toBe(3);
    expect(stdout).toContain('oracle');
    expect(stdout).toContain('greedy@1.0.0');
    const [request] = (await mesh.client().requests.list({ filter: { instanceId: 'greedy' } })).items;
    expect(request).toMatchObject({ status: 'unsatisfied', steps: [] });
    const missing = await slipway(mesh, ['plan', 'ada', 'x', '--definition=nowhere@^2.0.0']);
    expect(missing.code).toBe(3);
    expect(missing.stdout).toContain('nowhere');
    const circle = await slipway(mesh, ['plan', 'ada', 'x', '--definition=hen']);
    expect(circle.code).toBe(3);
    expect(circle.stdout).toMatch(/hen.*egg.*hen/s);
  }, 60_000);

  it('paused, neither a request nor an environment starts anything; resumed, it goes on', async () => {
    const client = mesh.client();
    await client.environments.pause('default', 'maintenance');
    const { requestId } = await client.provision({ ownerId: 'ada', instanceId: 'later', definition: 'hello' });
    await sleep(1_000);
    const waiting = await client.requests.get(requestId);
    expect(waiting.status).toBe('queued');
    expect(waiting.waiting?.reason).toMatch(/paused/i);
    await client.requests.pause(requestId);
    await client.environments.resume('default');
    await sleep(500);
    expect((await client.requests.get(requestId)).status).toBe('paused');
    await client.requests.resume(requestId);
    expect((await client.wait(requestId, { timeoutMs: 60_000 })).status).toBe('succeeded');
  }, 90_000);

  it('not before its time', async () => {
    const notBefore = new Date(Date.now() + 2_500).toISOString();
    const { requestId } = await mesh.client().provision({ ownerId: 'ada', instanceId: 'timed', definition: 'hello', notBefore });
    expect((await mesh.client().requests.get(requestId)).status).toBe('queued');
    const ended = await mesh.client().wait(requestId, { timeoutMs: 60_000 });
    expect(ended.status).toBe('succeeded');
    expect(ended.steps[0]!.startedAt! >= notBefore).toBe(true);
    expect(existsSync(mesh.data)).toBe(true);
  }, 90_000);
});
