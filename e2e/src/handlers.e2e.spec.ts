import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestView } from '@slipway/client';
import { TestMesh, root } from '@slipway/testing';
import { parse } from 'yaml';
import { slipway } from './slipway.js';

const guide = readFileSync(join(root, 'docs/guides/write-a-handler.md'), 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(guide)![1]!;

/** Kills its whole process between what it does and the record of it, once. */
const DIES = (folder: string) => `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
export const names = ['dfe.provisioned'];
export async function handle({ data }, { key, send }) {
  if (data.request.body.instanceId !== 'killer') return;
  const { requestId, repeated } = await send('provision', { ownerId: 'ada', instanceId: 'answer', definition: 'hello' });
  appendFileSync('${folder}/dies', JSON.stringify({ key, requestId, repeated: repeated ?? false }) + '\\n');
  if (existsSync('${folder}/died')) return;
  writeFileSync('${folder}/died', '');
  process.kill(process.pid, 'SIGKILL');
}
`;
const POISONED = (folder: string) => `
import { existsSync } from 'node:fs';
export const names = ['dfe.>'];
export function handle() {
  if (!existsSync('${folder}/mended')) throw new Error('the mail server does not answer');
}
`;

describe('Handlers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-handlers-'));
  let mesh: TestMesh;
  beforeAll(async () => {
    const { handlers } = parse(block('yaml')) as { handlers: { greeter: object } };
    writeFileSync(join(folder, 'greeter.mjs'), block('js'));
    writeFileSync(join(folder, 'dies.mjs'), DIES(folder));
    writeFileSync(join(folder, 'poisoned.mjs'), POISONED(folder));
    mesh = await TestMesh.start({
      processes: true,
      settings: {
        handlers: {
          greeter: { ...handlers.greeter, file: join(folder, 'greeter.mjs') },
          dies: { file: join(folder, 'dies.mjs') },
          poisoned: { file: join(folder, 'poisoned.mjs'), tries: 2, backoffSeconds: 0.1 },
          missing: { file: join(folder, 'missing.mjs') },
        },
      },
    });
    await until('they are registered', async () => {
      const { items } = await mesh.client().events({ type: ['HandlerRegistered'] });
      return items.length === 4;
    });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const asked = async (instanceId: string, job = 'provision'): Promise<RequestView[]> =>
    (await mesh.client().requests.list({ filter: { instanceId, job } })).items;
  const succeeded = async (...job: Parameters<typeof asked>) => {
    await until(`${job.join()} has succeeded`, async () => (await asked(...job))[0]?.status === 'succeeded');
    return (await asked(...job))[0]!;
  };

  it('answer with requests of their own, whose cause is the event, as the guide shows', async () => {
    const { code } = await slipway(mesh, ['provision', '--definition=guestbook', 'ada', 'shop']);
    expect(code).toBe(0);
    const request = await succeeded('shop-greeting');
    expect(request).toMatchObject({
      actor: { id: 'handler.greeter', type: 'service' },
      owner: { id: 'ada' },
      definition: 'hello',
    });
    const [first] = (await mesh.client().requests.events(request.id)).items;
    const [shop] = await asked('shop');
    const cause = (await mesh.client().requests.events(shop!.id)).items.at(-1)!;
    expect(cause.type).toBe('RequestSucceeded');
    expect(first).toMatchObject({ causationId: cause.id, correlationId: cause.correlationId });

    expect((await slipway(mesh, ['deprovision', 'shop'])).code).toBe(0);
    await succeeded('shop-greeting', 'deprovision');
  }, 120_000);

  it('name what cannot be used in readiness, and the mesh is ready all the same', async () => {
    const { ready, checks } = await mesh.client().ready();
    expect(ready).toBe(true);
    const { reason } = checks.find(({ name }) => name === 'handlers')!;
    expect(reason).toMatch(/missing: \S*missing\.mjs is not there$/);
  });

  it('that fail park the event and touch no request; what is parked is listed, retried when it is mended, or discarded', async () => {
    const parked = async () => (await mesh.client().handlers.get('poisoned')).parked;
    // Of the guestbook and its greeting: three parts and the whole, one part and the whole, made and taken back.
    await until('all are parked', async () => (await parked()).length === 12);
    const [one, other] = await parked();
    const listed = await slipway(mesh, ['handlers']);
    expect(listed.stdout).toMatch(/poisoned +dfe\.> +12/);
    const shown = await slipway(mesh, ['handlers', 'parked', 'poisoned']);
    expect(shown.stdout).toContain(one!.eventId);
    expect(shown.stdout).toContain('the mail server does not answer');

    const discarded = await slipway(mesh, ['handlers', 'discard', '--reason=nobody misses it', 'poisoned', other!.eventId]);
    expect(discarded).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'mended'), '');
    expect((await slipway(mesh, ['handlers', 'retry', 'poisoned', one!.eventId])).code).toBe(0);
    await until('one is handled', async () => (await parked()).length === 10);
    const again = await slipway(mesh, ['handlers', 'retry', 'poisoned', one!.eventId]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(one!.eventId);
  }, 120_000);

  it('killed with -9 between what they do and the record of it get the event again: with the same key, and nothing is asked for twice', async () => {
    await mesh.client().provision({ ownerId: 'ada', instanceId: 'killer', definition: 'hello' });
    await until('it has died', () => existsSync(join(folder, 'died')) && !mesh.hostOf('handlers').running);
    await mesh.startEverything();
    const lines = () => readFileSync(join(folder, 'dies'), 'utf8').trimEnd().split('\n');
    await until('it came again', () => lines().length === 2);
    const [first, second] = lines().map((line) => JSON.parse(line) as { key: string; requestId: string; repeated: boolean });
    expect(second).toEqual({ ...first, repeated: true });
    expect(first!.repeated).toBe(false);
    expect((await succeeded('answer')).id).toBe(first!.requestId);
    expect(await asked('answer')).toHaveLength(1);
  }, 120_000);

  it('that were away get what they have missed', async () => {
    await mesh.hostOf('handlers').stop('leave');
    const { requestId } = await mesh.client().provision({ ownerId: 'bob', instanceId: 'book', definition: 'guestbook' });
    expect((await mesh.client().wait(requestId)).status).toBe('succeeded');
    expect(await asked('book-greeting')).toEqual([]);
    await mesh.startEverything();
    expect(await succeeded('book-greeting')).toMatchObject({ owner: { id: 'bob' } });
  }, 120_000);

  it('handle also what the guide’s own has no greeting for: nothing is parked', async () => {
    await mesh.client().provision({ ownerId: 'ada', instanceId: 'plain', definition: 'hello' });
    await succeeded('plain');
    expect((await slipway(mesh, ['deprovision', 'plain'])).code).toBe(0);
    const { id } = await succeeded('plain', 'deprovision');
    const cause = (await mesh.client().requests.events(id)).items.at(-1)!;
    const handled = async () => (await mesh.client().events({ category: ['handler'] })).items.map(({ data }) => data['eventId']);
    const parked = async () => (await mesh.client().handlers.get('greeter')).parked;
    await until('it has come', async () => (await handled()).includes(cause.id));
    expect(await parked()).toEqual([]);
    expect(await asked('plain-greeting', 'deprovision')).toEqual([]);
  }, 120_000);
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`It did not become true within a minute: ${what}`);
  }
}
