/** Plans change nothing, however they end; what the guides to plans and to content packages show is what is printed. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SlipwayClient } from '@slipway/client';
import type { PlanJob } from '@slipway/contracts/http';
import { TestMesh, root } from '@slipway/testing';
import { Ids, commandsIn, shapeOf, typedAt } from './shown.js';
import { slipway } from './slipway.js';

const guide = (name: string) => readFileSync(join(root, `docs/guides/${name}.md`), 'utf8');
/** Files that a guide shows: each below a line that ends with its name in code. */
const filesIn = (text: string) =>
  [...text.matchAll(/`([\w./-]+)`:\n\n```\w+\n([^]*?)```\n/g)].map(([, path, content]) => ({ path: path!, content: content! }));

const GUIDES = ['write-content', 'plans'].map((name) => ({ name, text: guide(name) }));

/**
 * More pigeons than holes: that they do not fit takes so many tries to prove that the resolver gives up.
 */
function maze(holes: number): string {
  const count = (most: number) => Array.from({ length: most }, (_, at) => at);
  const pigeons = count(holes + 1);
  const definition = (name: string, more: object) => ({ name, version: '1.0.0', ...more });
  const needs = (namespaces: string[]) => ({ requirements: namespaces.map((namespace) => ({ name: namespace, namespace })) });
  const definitions = [
    definition('maze', needs(pigeons.map((at) => `pigeon-${at}`))),
    ...count(holes).map((at) =>
      definition(`hole-${at}`, { shared: true, capabilities: [{ namespace: `hole-${at}`, capacity: 1 }] }),
    ),
    ...pigeons.flatMap((pigeon) =>
      count(holes).map((hole) =>
        definition(`pigeon-${pigeon}-in-${hole}`, {
          capabilities: [{ namespace: `pigeon-${pigeon}` }],
          ...needs([`hole-${hole}`]),
        }),
      ),
    ),
  ];
  return JSON.stringify({ name: 'maze', version: '1.0.0', definitions });
}

/** Something shared, and what needs it: to be given back together. */
const VAULT = JSON.stringify({
  name: 'vault',
  version: '1.0.0',
  definitions: [
    { name: 'cellar', version: '1.0.0', type: 'storage', shared: true },
    { name: 'shelf', version: '1.0.0', type: 'storage', dependencies: ['cellar'] },
  ],
});

describe('Plans', () => {
  let mesh: TestMesh;
  let client: SlipwayClient;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-plans-'));
    mesh = await TestMesh.start({ processes: true });
    client = mesh.client();
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  describe.each(GUIDES)('docs/guides/$name.md', ({ text }) => {
    const ids = new Ids();
    const shown = commandsIn(text);
    beforeAll(() => {
      for (const { path, content } of filesIn(text)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    });

    it.each(shown)(
      '$command',
      async ({ command, lines }) => {
        const printed = await typedAt(mesh, folder, ids.in(command));
        expect(printed.map(shapeOf)).toEqual(lines.map(shapeOf));
        ids.learn(lines, printed);
      },
      120_000,
    );
  });

  describe('of every kind', () => {
    let nats: NatsConnection;
    /** Subjects of all that was said meanwhile. */
    const said: string[] = [];
    let snapshot: string;
    let database: string;
    beforeAll(async () => {
      expect((await slipway(mesh, ['provision', '--definition=guestbook', 'ada', 'shop'])).code).toBe(0);
      await client.instances.settled('shop', 'running');
      database = String((await client.databases.get('default.shop-db')).outputs['path']);
      const { requestId } = await client.export({ instanceId: 'shop' });
      snapshot = ((await client.wait(requestId, { timeoutMs: 60_000 })).result as { snapshot: string }).snapshot;
      for (const [file, content] of Object.entries({ 'maze.json': maze(12), 'vault.json': VAULT })) {
        writeFileSync(join(folder, file), content);
        expect((await slipway(mesh, ['content', 'upload', join(folder, file)])).code).toBe(0);
      }
      for (const [name, definition] of Object.entries({ vault: 'cellar', box: 'shelf' }))
        expect((await slipway(mesh, ['provision', `--definition=${definition}`, 'ada', name])).code).toBe(0);
      nats = await connect({ servers: mesh.nats.url, token: mesh.nats.token });
      nats.subscribe('slipway.>', { callback: (_error, { subject }) => void said.push(subject) });
      await nats.flush();
    }, 120_000);
    afterAll(() => nats?.close());

    const jobs = (): [string, Partial<PlanJob>][] => [
      ['install', { definition: 'guestbook', instanceId: 'other' }],
      ['satisfied', { definition: 'guestbook', instanceId: 'shop' }],
      ['update', { job: 'update', instanceId: 'shop', offerings: { greeting: 'Hi', 'size-limit': '1GiB' } }],
      ['export', { job: 'export', instanceId: 'shop' }],
      ['install', { job: 'import', instanceId: 'copy', snapshot, snapshotId: true }],
      ['repair', { job: 'repair', instanceId: 'shop' }],
      ['remove', { job: 'deprovision', instanceId: 'shop' }],
      ['unsatisfied', { job: 'deprovision', instanceId: 'vault' }],
      ['remove', { job: 'deprovision', instanceId: 'vault', cascade: true }],
      ['unsatisfied', { definition: 'guestbook@^9.0.0', instanceId: 'other' }],
      ['unsatisfied', { requirements: [{ namespace: 'database', filter: '(engine=oracle)' }], instanceId: 'other' }],
      ['not-found', { job: 'deprovision', instanceId: 'nobody' }],
      ['bad-input', { definition: 'guestbook', instanceId: 'other', offerings: { colour: 'red' } }],
      ['undecided', { definition: 'maze', instanceId: 'other' }],
    ];

    it('append nothing to the log, and ask no sub-provisioner for anything but how what a repair is of stands', async () => {
      rmSync(dirname(dirname(database)), { recursive: true });
      const { eventLog: before } = await client.info();
      said.length = 0;
      const outcomes: string[] = [];
      for (const [, job] of jobs())
        outcomes.push(
          await client.plan({ ownerId: 'ada', ...job } as PlanJob).then(
            ({ outcome }) => outcome,
            ({ code }) => String(code),
          ),
        );
      expect(outcomes).toEqual(jobs().map(([outcome]) => outcome));
      await sleep(500); // A late effect is seen too.
      const { items } = await client.events({}, { after: before.position });
      expect(items.map(({ type, stream }) => `${stream} ${type}`)).toEqual([]);
      expect((await client.info()).eventLog.position).toBe(before.position);
      const asked = said.filter((subject) => !subject.includes('.alive.') && !/\.health$/.test(subject));
      expect([...new Set(asked.map((subject) => subject.split('.').slice(2).join('.')))].toSorted()).toEqual([
        'database.local.compare',
        'instance.local.compare',
        'orchestrator.plan',
        'resolver.plan',
        'storage.local.compare',
      ]);
      expect(existsSync(database)).toBe(false);
      expect(said.some((subject) => subject.includes('.alive.'))).toBe(true);
    }, 120_000);
  });
});

describe('The mesh in one process', () => {
  let mesh: TestMesh;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-maze-'));
    mesh = await TestMesh.start({ processes: false });
  }, 120_000);
  afterAll(async () => {
    await mesh?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('answers that it lives while a plan is looked for in vain, which is given up in time for that', async () => {
    writeFileSync(join(folder, 'maze.json'), maze(12));
    expect((await slipway(mesh, ['content', 'upload', join(folder, 'maze.json')])).code).toBe(0);
    let code: string | undefined;
    const planned = mesh
      .client()
      .plan({ ownerId: 'ada', definition: 'maze', instanceId: 'other' } as PlanJob)
      .then(
        ({ outcome }) => (code = outcome),
        ({ code: refusal }) => (code = String(refusal)),
      );
    const answers: number[] = [];
    while (code === undefined) {
      // Four times what a plan may take: less than what it took when it had the thread for 10 s.
      const answer = await fetch(`${mesh.url}/api/v1/health/live`, { signal: AbortSignal.timeout(8000) });
      answers.push(answer.status);
    }
    await planned;
    expect([code, new Set(answers)]).toEqual(['undecided', new Set([200])]);
  }, 120_000);
});
