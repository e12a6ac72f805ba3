import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '@slipway/contracts';
import type { HandlerList } from '@slipway/contracts/http';
import { startNatsServer, type NatsServer } from '@slipway/mesh/testing';
import { HandlersPlace, eventually } from './testing/place.js';

jest.setTimeout(120_000);

const TELLS = `export const names = ['dfe.provisioned'];
export const handle = ({ data }) => done(data.resource.name);
`;
const FAILS = `export const names = ['dfe.*'];
export function handle(event, { try: count }) {
  done('try ' + count);
  if (!existsSync(MENDED)) throw new Error('no mail server');
}
`;

/** What a handler can throw is what its thread knows. */
const CONTRACTS = pathToFileURL(join(import.meta.dirname, '../../../libs/contracts/dist/index.js')).href;

describe('handlers', () => {
  let nats: NatsServer;
  let place: HandlersPlace;
  beforeAll(async () => {
    nats = await startNatsServer();
  }, 60_000);
  afterAll(() => nats.remove());
  beforeEach(() => {
    place = new HandlersPlace(nats);
  });
  afterEach(() => place.remove());

  const has = (name: string, ...lines: string[]) =>
    eventually(`${name} has written ${lines.join()}`, () => place.done(name).join() === lines.join());
  const reasons = async () => (await place.running[0]!.service.health()).reasons;

  test('get what has their names, in order, in the form that subscribers on NATS see; from their first start on', async () => {
    place.add(
      'all',
      `export const names = ['dfe.>', 'events.request.accepted'];
export const handle = (event, { key, handler, options }) => done(JSON.stringify({ ...event, key, handler, options }));`,
      { options: { greeting: 'hi' } },
    );
    place.add('other', `export const names = ['dfe.deprovisioned'];\nexport const handle = () => done('never');`);
    await place.start();
    await place.registered('all', 'other');
    const id = await place.provisioned('shop');
    await eventually('both have come', () => place.done('all').length === 2);
    const [accepted, provisioned] = place.done('all').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(accepted).toMatchObject({
      ...{ name: 'events.request.accepted', handler: 'all', options: { greeting: 'hi' } },
      data: { type: 'RequestAccepted', correlationId: 'call-1', data: { name: 'shop' } },
    });
    expect(accepted!.key).toBe(accepted!.id);
    // It has two names, and comes once.
    expect(provisioned).toMatchObject({
      ...{ id, key: id, name: 'dfe.provisioned' },
      data: { service: 'orchestrator', request: { job: 'provision' }, resource: { kind: 'instance', name: 'shop' } },
    });
    expect(place.done('other')).toEqual([]);
    expect(await place.view('all')).toMatchObject({
      names: ['dfe.>', 'events.request.accepted'],
      replica: 'one-handlers',
      parked: [],
    });
  });

  test('one that was away gets what it missed, and nothing twice', async () => {
    place.add('tells', TELLS);
    await place.start();
    await place.registered('tells');
    await place.provisioned('one');
    await has('tells', 'one');
    await eventually('it is recorded', async () => (await place.typesOf('tells')).includes('HandlerSucceeded'));
    await place.stop();
    await place.provisioned('two');
    await place.provisioned('three');
    await place.start();
    await has('tells', 'one', 'two', 'three');
  });

  test('one that fails is tried again with a pause, then parked: the next comes, the others never wait', async () => {
    place.add('fails', FAILS);
    place.add('tells', TELLS);
    await place.start();
    await place.registered('fails', 'tells');
    const id = await place.provisioned('shop');
    await has('tells', 'shop');
    await eventually('it is parked', async () => (await place.view('fails')).parked.length === 1);
    expect(place.done('fails')).toEqual(['try 1', 'try 2', 'try 3']);
    const { parked } = await place.view('fails');
    expect(parked).toEqual([
      {
        ...{
          eventId: id,
          name: 'dfe.provisioned',
          stream: expect.stringMatching(/^request-/),
          revision: 1,
          tries: 3,
          retrying: false,
        },
        cause: { code: 'handler-failed', message: 'no mail server', hint: expect.stringContaining('slipway handlers retry') },
        parkedAt: expect.stringMatching(/Z$/),
      },
    ]);
    place.mend('fails');
    await place.provisioned('second');
    await has('fails', 'try 1', 'try 2', 'try 3', 'try 1');
    expect((await place.view('fails')).parked).toEqual(parked);
  });

  test('what is parked outlives a restart; it is retried when it is mended, or discarded with a reason', async () => {
    place.add('fails', FAILS, { tries: 1 });
    await place.start();
    await place.registered('fails');
    const first = await place.provisioned('one');
    const second = await place.provisioned('two');
    const parked = async () => (await place.view('fails')).parked.map(({ eventId }) => eventId);
    await eventually('both are parked', async () => (await parked()).length === 2);
    await place.stop();
    await place.start();
    expect(await parked()).toEqual([first, second]);

    // Tried again in vain, it is parked again.
    await place.ask('retry-parked', { handler: 'fails', eventId: first });
    const types = ['HandlerRegistered', 'HandlerParked', 'HandlerParked', 'HandlerRetried', 'HandlerParked'];
    await eventually('it is parked again', async () => (await place.typesOf('fails')).join() === types.join());
    expect((await parked()).toSorted()).toEqual([first, second].toSorted());

    place.mend('fails');
    await place.ask('retry-parked', { handler: 'fails', eventId: first, reason: 'mended' });
    await eventually('it is handled', async () => (await parked()).join() === second);
    await place.ask('discard-parked', { handler: 'fails', eventId: second, reason: 'nobody waits for it any more' });
    expect(await parked()).toEqual([]);
    const events = await place.log.as(null).read('handler-fails');
    expect(events.at(-1)).toMatchObject({
      type: 'HandlerDiscarded',
      data: { eventId: second, actor: { id: 'ada', type: 'user' }, reason: 'nobody waits for it any more' },
    });
    await expect(place.ask('retry-parked', { handler: 'fails', eventId: first })).rejects.toMatchObject({ code: 'not-found' });
    await expect(place.ask('retry-parked', { handler: 'nobody', eventId: first })).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no handler nobody; there are fails',
    });
    await place.provisioned('three');
    await eventually('it goes on', async () => (await place.typesOf('fails')).at(-1) === 'HandlerSucceeded');
  });

  test('one whose file was mended is loaded anew when what it has parked is retried', async () => {
    place.add('bad', `export const names = ['dfe.*'];\nexport const handle = () => { throw new Error('a slip of the pen'); };`, {
      tries: 1,
    });
    await place.start();
    await place.registered('bad');
    const eventId = await place.provisioned('one');
    await eventually('it is parked', async () => (await place.view('bad')).parkedCount === 1);
    place.add('bad', `export const names = ['dfe.provisioned'];\nexport const handle = ({ data }) => done(data.resource.name);`);
    await place.ask('retry-parked', { handler: 'bad', eventId });
    await has('bad', 'one');
    await place.provisioned('two');
    await has('bad', 'one', 'two');
    expect(await place.view('bad')).toMatchObject({ names: ['dfe.provisioned'], parkedCount: 0 });
  });

  test('many parked events with long reasons fit into events and answers: the oldest are told, and how many there are', async () => {
    place.add('fails', `export const names = ['dfe.*'];\nexport const handle = () => { throw new Error('x'.repeat(1e6)); };`, {
      tries: 1,
    });
    await place.start();
    await place.registered('fails');
    const first = await place.provisioned('n-0');
    for (let n = 1; n < 130; n++) await place.provisioned(`n-${n}`);
    await eventually('all are parked', async () => (await place.view('fails')).parkedCount === 130);
    const { parked } = await place.view('fails');
    expect([parked.length, parked[0]!.eventId, parked[0]!.cause.message]).toEqual([100, first, 'x'.repeat(1_000)]);
    expect((await place.ask<HandlerList>('list-handlers', {})).items[0]).toMatchObject({
      parkedCount: 130,
      parked: { length: 5 },
    });
  });

  test('asks for jobs in its own name, with the event as their cause and a key that the same event repeats', async () => {
    place.add(
      'sends',
      `export const names = ['dfe.provisioned'];
export async function handle({ data }, { send, try: count }) {
  const name = data.resource.name;
  const { requestId } = await send('provision', { ownerId: 'ada', instanceId: name + '-a', definition: 'hello' });
  void send('deprovision', { instanceId: name + '-b' });
  done(requestId);
  if (count === 1) throw new Error('once more');
}`,
    );
    await place.start();
    place.orchestrate();
    await place.registered('sends');
    const id = await place.provisioned('shop', 'call-7');
    await has('sends', 'r-1', 'r-3');
    await eventually('all are asked for', () => place.asked.length === 4);
    expect(place.asked.slice(0, 2)).toEqual([
      {
        command: {
          ...{ job: 'provision', key: `sends/${id}/0` },
          body: { ownerId: 'ada', instanceId: 'shop-a', definition: 'hello' },
        },
        ...{ actor: 'service:handler.sends', causation: id, correlation: 'call-7' },
      },
      {
        command: { job: 'deprovision', key: `sends/${id}/1`, body: { instanceId: 'shop-b' } },
        ...{ actor: 'service:handler.sends', causation: id, correlation: 'call-7' },
      },
    ]);
    expect(place.asked.slice(2)).toEqual(place.asked.slice(0, 2));
  });

  test('what it sends when its event has ended is refused by name, and is never taken for the next event’s', async () => {
    place.add(
      'late',
      `export const names = ['dfe.provisioned'];
let before;
export async function handle({ data }, { send }) {
  if (!before) return void (before = send);
  const late = await before('deprovision', { instanceId: 'late' }).catch(({ code, message }) => code + ' ' + message);
  before('deprovision', { instanceId: 'nobody-waits' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await send('deprovision', { instanceId: data.resource.name });
  done(late);
}`,
    );
    await place.start();
    place.orchestrate();
    await place.registered('late');
    const first = await place.provisioned('one');
    const second = await place.provisioned('two');
    await eventually('the second has come', () => place.done('late').length === 1);
    expect(place.done('late')[0]).toMatch(
      new RegExp(`^not-possible Handler late: it sends deprovision for .* ${first}, which has ended`),
    );
    expect(place.asked).toEqual([
      {
        command: { job: 'deprovision', key: `late/${second}/0`, body: { instanceId: 'two' } },
        ...{ actor: 'service:handler.late', causation: second, correlation: expect.anything() },
      },
    ]);
  });

  test('what its own code throws is its own failure, also when it looks like the mesh being away', async () => {
    place.add(
      'looks',
      `export const names = ['dfe.provisioned'];
import { SlipwayError } from ${JSON.stringify(CONTRACTS)};
export function handle() { throw new SlipwayError('timed-out', 'my mail server'); }`,
      { tries: 1 },
    );
    await place.start();
    await place.registered('looks');
    await place.provisioned('shop');
    await eventually('it is parked', async () => (await place.view('looks')).parked.length === 1);
    expect((await place.view('looks')).parked[0]!.cause).toMatchObject({ code: 'timed-out', message: 'my mail server' });
  });

  test('what its job is refused with is its own matter when it catches it, and fails it when nobody does', async () => {
    const sends = (text: string) => `export const names = ['dfe.provisioned'];
export async function handle(event, { send }) {
  ${text}
  done('ended');
}`;
    const job = `send('deprovision', { instanceId: 'zzz' })`;
    const handlers = {
      awaits: `try { await ${job} } catch ({ code }) { done(code) }`,
      catches: `void ${job}.catch(({ code }) => done(code));`,
      'all-settled': `await Promise.allSettled([${job}]);`,
      throws: `await ${job};`,
      heedless: `void ${job};`,
      'passes-on': `void ${job}.then(() => done('never'));`,
      'cannot-send': `try { await send('provision', { much: 1n }) } catch ({ name }) { done(name) }`,
    };
    for (const [name, text] of Object.entries(handlers)) place.add(name, sends(text), { tries: 1 });
    await place.start();
    place.orchestrate(() => 'not-found');
    await place.registered(...Object.keys(handlers));
    await place.provisioned('shop');
    for (const name of ['awaits', 'catches', 'all-settled', 'cannot-send']) {
      await eventually(`${name} is done`, async () => (await place.typesOf(name)).length === 2);
      expect([name, (await place.typesOf(name)).at(-1)]).toEqual([name, 'HandlerSucceeded']);
    }
    expect(place.done('awaits')).toEqual(['not-found', 'ended']);
    expect(place.done('catches').toSorted()).toEqual(['ended', 'not-found']);
    expect(place.done('cannot-send')).toEqual(['TypeError', 'ended']);
    for (const [name, cause] of [
      ['throws', { code: 'not-found', message: 'it is refused here' }],
      ['heedless', { code: 'not-found', message: 'it is refused here' }],
      ['passes-on', { code: 'handler-failed', message: expect.stringMatching(/it is refused here$/) }],
    ] as const) {
      await eventually(`${name} is parked`, async () => (await place.view(name)).parkedCount === 1);
      expect((await place.view(name)).parked[0]!.cause).toMatchObject(cause);
    }
  });

  test('while the orchestrator is away no try counts, also of one that catches it or says it in its own words', async () => {
    const job = `(await send('deprovision', { instanceId: 'x' })).requestId`;
    place.add(
      'catches',
      `export const names = ['dfe.provisioned'];
export const handle = async (event, { send }) => { try { done(${job}) } catch { done('caught') } };`,
      { tries: 1 },
    );
    place.add(
      'own-words',
      `export const names = ['dfe.provisioned'];
export const handle = async (event, { send }) => { try { done(${job}) } catch { throw new Error('it did not work') } };`,
      { tries: 1 },
    );
    await place.start();
    await place.registered('catches', 'own-words');
    await place.provisioned('shop');
    for (const name of ['catches', 'own-words'])
      await eventually(`${name} says so`, async () => (await reasons()).some((reason) => reason.startsWith(`${name}: `)));
    expect(await place.typesOf('catches')).toEqual(['HandlerRegistered']);
    expect(await place.typesOf('own-words')).toEqual(['HandlerRegistered']);
    place.orchestrate();
    for (const name of ['catches', 'own-words']) {
      await eventually(`${name} has gone on`, async () => (await place.typesOf(name)).at(-1) === 'HandlerSucceeded');
      expect(place.done(name).at(-1)).toMatch(/^r-\d$/);
    }
  });

  test('while the orchestrator is away no try counts: it waits, and goes on when it is back', async () => {
    place.add(
      'sends',
      `export const names = ['dfe.provisioned'];
export const handle = async (event, { send }) => done((await send('deprovision', { instanceId: 'x' })).requestId);`,
      { tries: 1 },
    );
    await place.start();
    await place.registered('sends');
    await place.provisioned('shop');
    await eventually('it says so', async () => (await reasons()).some((reason) => reason.startsWith('sends: ')));
    expect((await place.view('sends')).parked).toEqual([]);
    place.orchestrate();
    await has('sends', 'r-1');
    await eventually('it has nothing to say', async () => (await reasons()).length === 0);
  });

  test.each([
    ['an endless loop', 'for (;;);', /did not end within 0\.3 s/],
    ['a promise that never settles', 'return new Promise(() => {});', /did not end within 0\.3 s/],
    ['an exit', 'process.exit(3);', /has ended its thread/],
    [
      'an error outside of the call',
      `setTimeout(() => { throw new Error('too late'); }); return new Promise(() => {});`,
      /too late/,
    ],
    ['too much memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(1));', /memory|did not end within/],
    ['something that is no error', 'throw null;', /null/],
  ])('%s in one is cut off and parked; it and the others go on', async (_what, text, message) => {
    place.add(
      'bad',
      `export const names = ['dfe.*'];\nexport function handle({ data }) { if (data.resource.name === 'good') return done('good');\n${text}\n}`,
      {
        tries: 1,
        timeoutSeconds: /within 0/.test(message.source) && !/memory/.test(message.source) ? 0.3 : 30,
      },
    );
    place.add('tells', TELLS);
    await place.start();
    await place.registered('bad', 'tells');
    await place.provisioned('shop');
    await place.provisioned('good');
    await has('tells', 'shop', 'good');
    await has('bad', 'good');
    const { parked } = await place.view('bad');
    expect(parked).toHaveLength(1);
    expect(parked[0]!.cause).toMatchObject({ code: 'handler-failed', message: expect.stringMatching(message) });
  });

  test('one that cannot be used is named with what is wrong; the others work', async () => {
    place.add('missing', undefined);
    place.add('needs', `import 'left-out';\nexport const names = ['dfe.*'];\nexport const handle = () => {};`);
    place.add('broken', 'this is no module');
    place.add('nameless', 'export const handle = () => {};');
    place.add('wrong-name', `export const names = ['provisioned'];\nexport const handle = () => {};`);
    place.add('own', `export const names = ['events.handler.parked'];\nexport const handle = () => {};`);
    place.add('idle', `export const names = ['dfe.*'];`);
    place.add('no-package', undefined, { file: '@acme/nothing' });
    place.add('tells', TELLS);
    await place.start();
    await place.registered('tells');
    await place.provisioned('shop');
    await has('tells', 'shop');
    await eventually('all are named', async () => (await reasons()).length === 8);
    const { ready, reasons: told } = await place.running[0]!.service.health();
    expect(ready).toBe(true);
    const expected = {
      missing: /^\S+missing\.mjs is not there$/,
      needs: /needs\.mjs Cannot find package 'left-out' imported from \S+needs\.mjs$/,
      broken: /broken\.mjs .+/,
      nameless: /exports no "names"/,
      'wrong-name': /exports the name "provisioned"; one is such as "dfe\.provisioned"/,
      own: /listens to events\.handler/,
      idle: /exports no function "handle"/,
      'no-package': /the package @acme\/nothing is not found/,
    };
    for (const [name, reason] of Object.entries(expected)) {
      expect(told).toContainEqual(expect.stringMatching(new RegExp(`^${name}: .*${reason.source.replace(/^\^/, '')}`, 's')));
      expect((await place.view(name)).problem).toMatch(reason);
    }
  });

  test('comes as an npm package, from the folder that configuration names', async () => {
    const folder = join(place.folder, 'packages');
    mkdirSync(join(folder, 'node_modules/@acme/tells'), { recursive: true });
    const manifest = { name: '@acme/tells', version: '1.0.0', type: 'module', exports: './tells.js' };
    writeFileSync(join(folder, 'node_modules/@acme/tells/package.json'), JSON.stringify(manifest));
    place.add('tells', TELLS);
    writeFileSync(join(folder, 'node_modules/@acme/tells/tells.js'), readFileSync(join(place.folder, 'tells.mjs')));
    place.add('tells', undefined, { file: '@acme/tells' });
    place.packages = folder;
    await place.start();
    await place.registered('tells');
    await place.provisioned('shop');
    await has('tells', 'shop');
  });

  test('of two replicas one works on it; the other takes over when it goes', async () => {
    // On a busy machine one of them would be silent too soon, and what it works on done twice.
    place.clock = systemClock;
    for (const name of ['a', 'b', 'c', 'd']) place.add(name, TELLS);
    await place.start('one-handlers');
    await place.start('two-handlers');
    await place.registered('a', 'b', 'c', 'd');
    const workers = async () => Promise.all(['a', 'b', 'c', 'd'].map(async (name) => (await place.view(name)).replica));
    expect(new Set(await workers())).toEqual(new Set(['one-handlers', 'two-handlers']));
    for (let n = 0; n < 5; n++) await place.provisioned(`first-${n}`);
    const lines = Array.from({ length: 5 }, (_, n) => `first-${n}`);
    for (const name of ['a', 'b', 'c', 'd']) await has(name, ...lines);
    await place.stop(1);
    await place.provisioned('second');
    for (const name of ['a', 'b', 'c', 'd']) await has(name, ...lines, 'second');
    expect(new Set(await workers())).toEqual(new Set(['one-handlers']));
  });

  test('two that do not hear of each other may both handle an event, and only one of them records it', async () => {
    place.add('tells', TELLS);
    await place.start('one-handlers', { silent: true });
    await place.start('two-handlers', { silent: true });
    await place.registered('tells');
    for (let n = 0; n < 20; n++) await place.provisioned(`n-${n}`);
    await eventually('all are recorded', async () => (await place.typesOf('tells')).length === 21);
    await eventually('all have come', () => new Set(place.done('tells')).size === 20);
    const recorded = (await place.log.as(null).read('handler-tells')).map(({ data }) => data['eventId']);
    expect(new Set(recorded).size).toBe(21);
  });

  test('after a restore of the log it goes on behind what is still there', async () => {
    place.add('tells', TELLS);
    await place.start();
    await place.registered('tells');
    await place.provisioned('one');
    await eventually('it is recorded', async () => (await place.typesOf('tells')).length === 2);
    await place.backUp();
    await place.provisioned('two');
    await has('tells', 'one', 'two');
    await place.stop();
    await place.restore();
    await place.start();
    await place.provisioned('three');
    await has('tells', 'one', 'two', 'three');
  });

  test('what was recorded of one that is not configured any more is listed while something is parked, and can be discarded only', async () => {
    place.add('gone', FAILS, { tries: 1 });
    await place.start();
    await place.registered('gone');
    const eventId = await place.provisioned('shop');
    await eventually('it is parked', async () => (await place.view('gone')).parked.length === 1);
    await place.stop();
    place.take('gone');
    await place.start();
    expect(await place.view('gone')).toMatchObject({ name: 'gone', names: [], parkedCount: 1, parked: [{ eventId }] });
    await expect(place.ask('retry-parked', { handler: 'gone', eventId })).rejects.toMatchObject({ code: 'not-possible' });
    await place.ask('discard-parked', { handler: 'gone', eventId, reason: 'it is over' });
    expect(await place.ask('list-handlers', {})).toEqual({ items: [] });
  });
});
