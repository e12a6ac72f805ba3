import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { systemClock, type InstanceSpec, type Plan } from '@slipway/contracts';
import { Environment, resolve } from '@slipway/solver';
import { pino } from 'pino';
import { Repository } from './repository/repository.js';

/** The shipped content, as a resolver reads it. */
const blobs = new MemoryBlobs();
const repository = new Repository({
  folder: join(import.meta.dirname, '../../../content'),
  blobs,
  clock: systemClock,
  logger: pino({ level: 'silent' }),
});

const planOf = (definition: string): Plan =>
  resolve({
    query: {
      job: 'provision',
      environment: 'default',
      instanceId: 'shop',
      definition,
      place: {
        guestLocation: 'local',
        location: 'here',
        provisioner: 'slipway',
        drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
      },
    },
    environment: new Environment(),
    catalogue: repository.catalogue,
    guestLocations: ['local'],
    now: () => 0,
  });
const specOf = (plan: Plan, id: string) => plan.steps.find((step) => step.id === id)!.spec;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** An instance as a process, unpacked and filled in as its definition says. */
class Running {
  readonly output: string[] = [];
  #child: ChildProcess | undefined;
  ended: Promise<{ code: number | null; signal: string | null }> = Promise.resolve({ code: null, signal: null });
  url = '';

  constructor(
    readonly folder: string,
    readonly spec: InstanceSpec,
    readonly values: Record<string, string>,
  ) {}

  async start(): Promise<void> {
    const program = join(this.folder, 'program');
    await mkdir(program, { recursive: true });
    execFileSync('tar', ['-x', '-C', program], { input: await blobs.read(this.spec.artefactBlob!.sha256) });
    const port = String(await freePort());
    const fill = (text: string) => text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => ({ ...this.values, port })[name]!);
    const env = Object.fromEntries(Object.entries(this.spec.environment!).map(([name, text]) => [name, fill(text)]));
    const [command, ...args] = this.spec.command!;
    expect(command).toBe('node');
    const child = spawn(process.execPath, args, { cwd: program, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => this.output.push(String(text)));
    this.#child = child;
    this.ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
    this.url = `http://127.0.0.1:${port}`;
    await this.#answers();
  }

  async stop(): Promise<{ code: number | null; signal: string | null }> {
    this.#child?.kill('SIGTERM');
    return this.ended;
  }

  get = (path: string, init?: RequestInit) => fetch(this.url + path, { redirect: 'manual', ...init });

  async #answers(): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      if (
        await this.get(this.spec.health?.path ?? '/').then(
          () => true,
          () => false,
        )
      )
        return;
      if (this.#child!.exitCode !== null) break;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`It does not answer:\n${this.output.join('')}`);
  }
}

beforeAll(() => repository.refresh());

describe('the shipped content', () => {
  test('passes every rule of the repository', () => {
    expect(repository.problems).toEqual([]);
    expect(repository.catalogue.all().map(({ definition }) => definition.name)).toEqual([
      'guestbook',
      'hello',
      'mariadb',
      'notes',
      'postgres',
      'sqlite',
      'verdaccio',
      'volume',
    ]);
  });

  test('guestbook needs a storage and a database of its own, hello nothing', () => {
    expect(planOf('guestbook').steps.map(({ id, after }) => [id, after])).toEqual([
      ['database/shop-db', []],
      ['storage/shop-data', []],
      ['instance/shop', ['database/shop-db', 'storage/shop-data']],
    ]);
    expect(planOf('hello').steps.map((step) => step.id)).toEqual(['instance/shop']);
  });
});

describe('guestbook, as a process', () => {
  let folder: string;
  let guestbook: Running;
  let database: DatabaseSync;

  beforeAll(async () => {
    const plan = planOf('guestbook');
    folder = await mkdtemp(join(tmpdir(), 'slipway-guestbook-'));
    const places = {
      'db.path': join(folder, 'db.sqlite'),
      'data.path': join(folder, 'data'),
      'secret.session-key': join(folder, 'session-key'),
    };
    await mkdir(places['data.path']);
    await writeFile(places['secret.session-key'], 'k'.repeat(43), { mode: 0o400 });
    database = new DatabaseSync(places['db.path']);
    database.exec(specOf(plan, 'database/shop-db').schema as string);
    guestbook = new Running(folder, specOf(plan, 'instance/shop') as unknown as InstanceSpec, places);
    await guestbook.start();
  }, 60_000);
  afterAll(async () => {
    await guestbook.stop();
    database.close();
    await rm(folder, { recursive: true });
  }, 60_000);
  afterEach(() => database.exec('DELETE FROM entry'));

  const sign = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    guestbook.get('/entries', { method: 'POST', body: new URLSearchParams(fields), headers });

  test('keeps an entry in the database and shows it', async () => {
    const answer = await sign({ name: 'Ada', message: 'Hello\r\nthere' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(database.prepare('SELECT name, message FROM entry').all()).toEqual([{ name: 'Ada', message: 'Hello\nthere' }]);
    const page = await (await guestbook.get('/')).text();
    expect(page).toContain('<b>Ada</b>');
    expect(page).toContain('Hello<br>there');
    expect(page).toContain('1 entry');
  });

  test('takes and lists entries as JSON too', async () => {
    const headers = { 'content-type': 'application/json' };
    const made = await guestbook.get('/entries', {
      method: 'POST',
      body: JSON.stringify({ name: 'Bo', message: 'Hi' }),
      headers,
    });
    expect([made.status, await made.json()]).toEqual([201, { id: expect.any(Number), name: 'Bo', message: 'Hi' }]);
    const list = (await (await guestbook.get('/entries')).json()) as { count: number; items: object[] };
    expect(list).toMatchObject({ count: 1, items: [{ name: 'Bo', message: 'Hi', mine: false }] });
  });

  test('shows markup as text', async () => {
    await sign({ name: `<i>"x"</i>`, message: `<script>alert('x')</script> & more` });
    const answer = await guestbook.get('/');
    const page = await answer.text();
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; more');
    expect(page).toContain('&lt;i&gt;&quot;x&quot;&lt;/i&gt;');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test.each([
    [{ message: 'x' }, 'Please fill in your name.'],
    [{ name: '   ', message: 'x' }, 'Please fill in your name.'],
    [{ name: 'x' }, 'Please fill in your message.'],
    [{ name: 'x'.repeat(61), message: 'x' }, 'Your name has 61 characters; there is room for 60.'],
    [{ name: 'x', message: 'x'.repeat(1001) }, 'Your message has 1001 characters; there is room for 1000.'],
  ])('refuses %j with the reason and keeps nothing', async (fields, reason) => {
    const answer = await sign(fields as Record<string, string>);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain(reason);
    expect(database.prepare('SELECT count(*) AS n FROM entry').get()).toEqual({ n: 0 });
  });

  test('refuses bodies that are too large or no JSON, entries from other pages, other methods and paths', async () => {
    expect((await sign({ name: 'x', message: 'x'.repeat(20_000) })).status).toBe(413);
    for (const body of ['{', '[]', 'null', '1'])
      expect(
        (await guestbook.get('/entries', { method: 'POST', body, headers: { 'content-type': 'application/json' } })).status,
      ).toBe(422);
    for (const origin of ['https://elsewhere.example', 'null', 'nonsense'])
      expect((await sign({ name: 'x', message: 'x' }, { origin })).status).toBe(403);
    expect((await sign({ name: 'x', message: 'x' }, { origin: guestbook.url })).status).toBe(303);
    const wrong = await guestbook.get('/entries', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect((await guestbook.get('/../etc/passwd')).status).toBe(404);
  });

  test('knows a visitor again by a cookie that nobody else can sign', async () => {
    const first = await sign({ name: 'Ada', message: 'mine' });
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!;
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
    const again = await guestbook.get('/', { headers: { cookie } });
    expect(again.headers.get('set-cookie')).toBeNull();
    expect(await again.text()).toContain('<b>Ada</b> (you)');
    const forged = await guestbook.get('/', { headers: { cookie: `${cookie.slice(0, -2)}AA` } });
    expect(forged.headers.get('set-cookie')).not.toBeNull();
    expect(await forged.text()).not.toContain('(you)');
  });

  test('is healthy with its database and storage, and says which of them it lacks', async () => {
    const healthy = await guestbook.get('/health');
    expect([healthy.status, await healthy.json()]).toEqual([200, { database: 'ok', storage: 'ok' }]);
    database.exec('ALTER TABLE entry RENAME TO away');
    const without = await guestbook.get('/health');
    expect([without.status, await without.json()]).toEqual([503, { database: expect.stringContaining('entry'), storage: 'ok' }]);
    expect((await guestbook.get('/')).status).toBe(500);
    database.exec('ALTER TABLE away RENAME TO entry');
    expect((await guestbook.get('/health')).status).toBe(200);
    await rm(join(folder, 'data'), { recursive: true });
    expect(((await (await guestbook.get('/health')).json()) as { storage: string }).storage).toContain('ENOENT');
    await mkdir(join(folder, 'data'));
    await chmod(join(folder, 'data'), 0o750);
    expect((await guestbook.get('/health')).status).toBe(200);
  });

  test('counts visits in its storage, and ends in order on SIGTERM with everything kept', async () => {
    await Promise.all(Array.from({ length: 20 }, () => guestbook.get('/')));
    const count = Number(await readFile(join(folder, 'data', 'visits'), 'utf8'));
    expect(count).toBeGreaterThanOrEqual(20);
    await sign({ name: 'Ada', message: 'stays' });
    expect(await guestbook.stop()).toEqual({ code: 0, signal: null });
    await guestbook.start();
    const page = await (await guestbook.get('/')).text();
    expect(page).toContain('stays');
    expect(page).toContain(`${count + 1} visits`);
  }, 60_000);

  test('writes its key nowhere', () => {
    expect(guestbook.output.join('')).not.toContain('kkkkkkkk');
  });
});

describe('hello, as a process', () => {
  test('greets, and ends in order', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-hello-'));
    const hello = new Running(folder, specOf(planOf('hello'), 'instance/shop') as unknown as InstanceSpec, {});
    try {
      await hello.start();
      expect(await (await hello.get('/')).text()).toBe('Hello from Slipway\n');
      expect((await hello.get('/', { method: 'POST' })).status).toBe(405);
    } finally {
      expect(await hello.stop()).toEqual({ code: 0, signal: null });
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});
