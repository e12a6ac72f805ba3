import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Door } from './door.js';

/** What a scenario works with. */
export interface Scene {
  door: Door;
  /** An instance's name that is this scenario's, at this door, alone. */
  name: string;
  /** What of a name exists at its place: `instance/default.shop/g1`. */
  standing(): string[];
  /** Whether the definition `fragile` comes up from now on. */
  mend(mended: boolean): void;
}

const owner = { ownerId: 'ada', ownerType: 'user' };
const coded = (code: string) => expect.objectContaining({ code });
const PARTS = (name: string) => [
  `database/default.${name}-db/g1`,
  `instance/default.${name}/g1`,
  `storage/default.${name}-data/g1`,
];

/** What everybody can do, told once: each runs through every door. A new one is an entry here, a new job one in `cli.ts` too. */
export const SCENARIOS: Record<string, (scene: Scene) => Promise<void>> = {
  async plan({ door, name, standing }) {
    const plan = await door.plan({ ...owner, instanceId: name, definition: 'guestbook' });
    expect(plan).toMatchObject({ outcome: 'install', environment: 'default' });
    expect(plan.steps.map(({ id }) => id).toSorted()).toEqual([
      `database/${name}-db`,
      `instance/${name}`,
      `storage/${name}-data`,
    ]);
    const never = await door.plan({ ...owner, instanceId: name, definition: 'hello@^9.0.0' });
    expect(never).toMatchObject({ outcome: 'unsatisfied', unsatisfied: [{ message: expect.stringContaining('1.0.0') }] });
    await expect(door.plan({ ...owner, instanceId: 'Not a name' })).rejects.toEqual(coded('bad-input'));
    const choosing = { ...owner, instanceId: name, definition: 'guestbook', offerings: { nobody: 'offers this' } };
    await expect(door.plan(choosing)).rejects.toEqual(coded('bad-input'));
    expect(standing()).toEqual([]);
    await expect(door.instance(name)).rejects.toEqual(coded('not-found'));
  },

  async provision({ door, name, standing }) {
    const offerings = { greeting: 'Welcome', 'size-limit': '256MiB' };
    const body = { ...owner, instanceId: name, definition: 'guestbook@^1.0.0', offerings, priority: 5 };
    const { requestId } = await door.ask('provision', body, `key of ${name}`);
    expect(await door.ask('provision', body, `key of ${name}`)).toMatchObject({ requestId, repeated: true });
    await expect(door.ask('provision', { ...body, priority: 6 }, `key of ${name}`)).rejects.toEqual(coded('key-reused'));
    const request = await door.settled(requestId);
    expect(request).toMatchObject({ status: 'succeeded', job: 'provision', priority: 5, owner: { id: 'ada', type: 'user' } });
    expect(standing()).toEqual(PARTS(name));
    const instance = await door.instance(name);
    expect(instance).toMatchObject({ status: 'present', requestId, ownerId: 'ada', definition: { name: 'guestbook' } });
    const page = await fetch(instance.outputs.url as string);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Welcome')]);
    await expect(door.ask('provision', { ...body, ownerId: 'bob' })).rejects.toEqual(coded('name-taken'));
    const again = await door.settled((await door.ask('provision', body)).requestId);
    expect(again).toMatchObject({ status: 'succeeded', steps: [] });
  },

  async 'of what nothing satisfies'({ door, name, standing }) {
    const { requestId } = await door.ask('provision', { ...owner, instanceId: name, definition: 'greedy' });
    const request = await door.settled(requestId);
    expect(request).toMatchObject({ status: 'unsatisfied', steps: [] });
    expect(JSON.stringify(request.result)).toContain('oracle');
    expect(standing()).toEqual([]);
  },

  async 'export and import'({ door, name, standing }) {
    const body = { ...owner, instanceId: name, definition: 'guestbook', offerings: { greeting: 'Before' } };
    await door.settled((await door.ask('provision', body)).requestId);
    const entries = async (instance: string) => new URL('entries', (await door.instance(instance)).outputs.url as string);
    const headers = { 'content-type': 'application/json' };
    const entry = JSON.stringify({ name: 'Ada', message: 'was here' });
    expect((await fetch(await entries(name), { method: 'POST', headers, body: entry })).ok).toBe(true);

    const exported = await door.settled((await door.ask('export', { instanceId: name, priority: 3 })).requestId);
    expect(exported).toMatchObject({ status: 'succeeded', job: 'export', priority: 3 });
    const { snapshot } = exported.result as { snapshot: string };
    const taken = { status: 'kept', origin: 'taken', instanceId: name, environment: 'default' };
    expect(await door.snapshot(snapshot)).toMatchObject({ ...taken, definition: { name: 'guestbook' } });

    const copy = `${name}-copy`;
    const again = { ownerId: 'bob', ownerType: 'team', instanceId: copy, snapshot, snapshotId: true };
    await expect(door.ask('import', { ...again, instanceId: name })).rejects.toEqual(coded('name-taken'));
    const imported = await door.settled((await door.ask('import', again)).requestId);
    expect(imported).toMatchObject({ status: 'succeeded', job: 'import', owner: { id: 'bob', type: 'team' } });
    expect(await (await fetch(await entries(copy))).json()).toMatchObject({ count: 1, items: [{ name: 'Ada' }] });
    expect(standing()).toEqual([...PARTS(copy), ...PARTS(name)].toSorted());
    await expect(door.ask('import', { ...again, instanceId: `${name}-no`, snapshot: 'nowhere' })).rejects.toEqual(
      coded('not-found'),
    );
    await expect(door.ask('export', { instanceId: `${name}-no` })).rejects.toEqual(coded('not-found'));
  },

  async update({ door, name, standing }) {
    const body = { ...owner, instanceId: name, definition: 'guestbook', offerings: { greeting: 'Before' } };
    await door.settled((await door.ask('provision', body)).requestId);
    const other = { instanceId: name, offerings: { greeting: 'After', 'size-limit': '256MiB' } };
    const plan = await door.plan({ ownerId: 'ada', job: 'update', ...other });
    expect(plan).toMatchObject({ outcome: 'update', alreadySatisfied: [{ name: `${name}-db` }] });
    expect(plan.steps.map(({ id, action, inverse }) => [id, action, inverse])).toEqual([
      [`storage/${name}-data`, 'update', 'update'],
      [`instance/${name}`, 'update', 'update'],
    ]);
    expect(plan.steps[0]!.changes).toEqual([{ field: 'spec.sizeLimit', from: '64MiB', to: '256MiB', how: 'in-place' }]);
    const updated = await door.settled((await door.ask('update', { ...other, priority: 4 })).requestId);
    expect(updated).toMatchObject({ status: 'succeeded', job: 'update', priority: 4, owner: { id: 'ada', type: 'user' } });
    expect(updated.result).toMatchObject({ updated: [{ name: `${name}-data` }, { name }], installed: [], removed: [] });
    const { outputs, generation } = await door.instance(name);
    expect([generation, await (await fetch(String(outputs.url))).text()]).toEqual([1, expect.stringContaining('After')]);
    expect(standing()).toEqual(PARTS(name));
    const nobodys = { instanceId: name, offerings: { nobody: 'offers this' } };
    await expect(door.ask('update', nobodys)).rejects.toEqual(coded('bad-input'));
    await expect(door.ask('update', { instanceId: `${name}-no` })).rejects.toEqual(coded('not-found'));
  },

  async follow({ door, name }) {
    const { requestId } = await door.ask('provision', { ...owner, instanceId: name, definition: 'hello' });
    const events = await door.follow(requestId);
    const types = events.map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['RequestAccepted', 'RequestSucceeded']);
    expect(types).toEqual(expect.arrayContaining(['PlanMade', 'RequestAdmitted', 'StepRequested', 'StepSucceeded']));
    // Each once, in order: a stream's revisions have no gap.
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_event, index) => index));
    expect(new Set(events.map((event) => event.requestId))).toEqual(new Set([requestId]));
  },

  async cancel({ door, name, standing }) {
    const { requestId } = await door.ask('provision', { ...owner, instanceId: name, definition: 'silent' });
    while (!standing().some((path) => path.startsWith('instance/'))) await sleep(50);
    await door.tell('cancel', requestId, 'changed my mind');
    expect(await door.settled(requestId)).toMatchObject({ status: 'cancelled' });
    expect(standing()).toEqual([]);
    await expect(door.tell('cancel', requestId)).rejects.toEqual(coded('not-possible'));
    const events = await door.follow(requestId);
    expect(events.find(({ type }) => type === 'CancelRequested')!.data).toMatchObject({ reason: 'changed my mind' });
  },

  async retry({ door, name, standing, mend }) {
    const body = { ...owner, instanceId: name, definition: 'fragile', keepOnFailure: true };
    const { requestId } = await door.ask('provision', body);
    const failed = await door.settled(requestId);
    expect(failed).toMatchObject({ status: 'attention', cause: { code: 'health-failed' } });
    mend(true);
    await door.tell('retry', requestId, 'the flag is up');
    expect(await door.settled(requestId)).toMatchObject({ status: 'succeeded' });
    mend(false);
    expect(standing()).toEqual(PARTS(name));
    const events = await door.follow(requestId);
    const made = events.filter(({ type, data }) => type === 'StepSucceeded' && data['stepId'] === `storage/${name}-data`);
    expect(made).toHaveLength(1);
  },

  async abandon({ door, name, standing }) {
    const body = { ...owner, instanceId: name, definition: 'fragile', keepOnFailure: true };
    const { requestId } = await door.ask('provision', body);
    expect(await door.settled(requestId)).toMatchObject({ status: 'attention' });
    await door.tell('abandon', requestId, 'nobody needs it');
    const left = expect.objectContaining({ resource: expect.objectContaining({ kind: 'storage', name: `${name}-data` }) });
    expect(await door.settled(requestId)).toMatchObject({ status: 'abandoned', left: expect.arrayContaining([left]) });
    expect(standing()).toContain(`storage/default.${name}-data/g1`);
  },

  async 'pause and resume'({ door, name, standing }) {
    const { requestId } = await door.ask('provision', { ...owner, instanceId: name, definition: 'silent' });
    while (!standing().some((path) => path.startsWith('instance/'))) await sleep(50);
    await door.tell('pause', requestId, 'look first');
    expect(await door.request(requestId)).toMatchObject({
      paused: true,
      pause: { by: { id: 'operator' }, reason: 'look first' },
    });
    await door.tell('resume', requestId);
    expect((await door.request(requestId)).paused).toBeFalsy();
    await door.tell('cancel', requestId);
    expect(await door.settled(requestId)).toMatchObject({ status: 'cancelled' });
  },

  async export({ door, name, standing }) {
    await door.settled((await door.ask('provision', { ...owner, instanceId: name, definition: 'guestbook' })).requestId);
    const plan = await door.plan({ ownerId: 'ada', instanceId: name, job: 'export' });
    expect(plan).toMatchObject({ outcome: 'export', writes: [`instance/${name}`] });
    const { requestId } = await door.ask('export', { instanceId: name }, `export of ${name}`);
    expect(await door.ask('export', { instanceId: name }, `export of ${name}`)).toMatchObject({ requestId, repeated: true });
    const request = await door.settled(requestId);
    expect(request).toMatchObject({ status: 'succeeded', job: 'export', owner: { id: 'ada' }, result: { snapshot: requestId } });
    expect(standing()).toEqual(PARTS(name));
    expect((await fetch((await door.instance(name)).outputs.url as string)).status).toBe(200);
    await expect(door.ask('export', { instanceId: name, destination: 'nowhere' })).rejects.toEqual(coded('bad-input'));
    await expect(door.ask('export', { instanceId: `${name}-x` })).rejects.toEqual(coded('not-found'));
  },

  async import({ door, name, standing }) {
    const from = `${name}-from`;
    await door.settled((await door.ask('provision', { ...owner, instanceId: from, definition: 'guestbook' })).requestId);
    const { requestId: snapshot } = await door.ask('export', { instanceId: from });
    await door.settled(snapshot);
    const body = { ...owner, instanceId: name, snapshot, snapshotId: true };
    const request = await door.settled((await door.ask('import', body)).requestId);
    expect(request).toMatchObject({ status: 'succeeded', job: 'import', owner: { id: 'ada', type: 'user' } });
    expect(standing()).toEqual([...PARTS(name), ...PARTS(from)].toSorted());
    expect((await fetch((await door.instance(name)).outputs.url as string)).status).toBe(200);
    await expect(door.ask('import', body)).rejects.toEqual(coded('name-taken'));
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(door.ask('import', { ...body, instanceId: `${name}-x`, snapshot: unknown })).rejects.toEqual(coded('not-found'));
  },

  async deprovision({ door, name, standing }) {
    const { requestId } = await door.ask('provision', { ...owner, instanceId: name, definition: 'guestbook' });
    await door.settled(requestId);
    const removal = await door.ask('deprovision', { instanceId: name, environment: 'default' });
    expect(await door.settled(removal.requestId)).toMatchObject({ status: 'succeeded', job: 'deprovision' });
    expect(standing()).toEqual([]);
    expect(await door.instance(name)).toMatchObject({ status: 'destroyed' });
    await expect(door.ask('deprovision', { instanceId: name })).rejects.toEqual(coded('not-found'));
  },
};
