import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestContext } from '@slipway/contracts';
import { currentContext, runInContext, systemContext } from '../context/context.js';
import { startNatsServer, type NatsServer } from '../testing/nats-server.js';
import { Connection } from './connection.js';
import { NatsBus } from './nats-bus.js';

let nats: NatsServer;
let connections: Connection[] = [];

beforeEach(async () => {
  nats = await startNatsServer();
}, 60_000);
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  await nats.remove();
});

async function open() {
  const connection = await Connection.open({ url: nats.url, token: nats.token, name: 'test' });
  connections.push(connection);
  return { connection, bus: new NatsBus(connection, 'test') };
}

const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(10);
};
/** Long enough that a test which waits for it fails. */
const EVER = 600_000;

describe('the connection', () => {
  test('a wrong credential is refused at once, with what the server says', async () => {
    await expect(Connection.open({ url: nats.url, token: 'wrong', name: 'test', firstConnectMs: EVER })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/authori[sz]ation/i),
    });
  });

  test('the first one is waited for, and then given up by name', async () => {
    await nats.stop();
    const { url, token } = nats;
    await expect(Connection.open({ url, token, name: 'test', firstConnectMs: 300 })).rejects.toMatchObject({
      code: 'unreachable',
      details: { url },
    });
    const late = Connection.open({ url, token, name: 'test', firstConnectMs: EVER });
    await sleep(300);
    await nats.start();
    connections.push(await late);
    expect(connections[0]!.connected()).toBe(true);
  }, 60_000);

  test('it tells when it is lost and when it is back, and since when it is there', async () => {
    const { connection } = await open();
    const first = connection.connectedSince()!;
    const told: string[] = [];
    connection.onLost(() => told.push('lost'));
    const end = connection.onBack(() => told.push('back'));
    await nats.stop('SIGKILL');
    await until(() => !connection.connected());
    expect(connection.connectedSince()).toBeUndefined();
    await nats.start();
    await until(() => connection.connected());
    expect(connection.connectedSince()).toBeGreaterThan(first);
    expect(told).toEqual(['lost', 'back']);
    end();
  }, 60_000);
});

const openssl = spawnSync('openssl', ['version']).status === 0;
(openssl ? describe : describe.skip)(`TLS${openssl ? '' : ' (skipped: no openssl to make a certificate)'}`, () => {
  test('the server is believed with the CA that is configured, and with no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-tls-'));
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      ...subject,
    ];
    expect(spawnSync('openssl', made).status).toBe(0);
    const secured = await startNatsServer({ tls: { certFile, keyFile } });
    const url = `tls://localhost:${new URL(secured.url).port}`;
    const { token } = secured;
    const connection = await Connection.open({ url, token, name: 'test', caFile: certFile });
    connections.push(connection);
    expect(connection.connected()).toBe(true);
    await expect(Connection.open({ url, token, name: 'test', firstConnectMs: 0 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/certificate/),
    });
    await secured.remove();
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('a request (fact 4)', () => {
  test('nobody there is no-server, without waiting', async () => {
    const { bus } = await open();
    await expect(bus.request('storage', 'ensure', {}, { location: 'here', timeoutMs: EVER })).rejects.toMatchObject({
      code: 'no-server',
      details: { where: 'storage at here', verb: 'ensure' },
    });
  });

  test('no answer is timed-out', async () => {
    const { bus, connection } = await open();
    connection.nats.subscribe('slipway.test.resolver.plan', { callback: () => {} });
    await expect(bus.request('resolver', 'plan', {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'timed-out',
      message: 'resolver did not answer to plan in 50 ms',
    });
  });

  test('while there is no connection it is unreachable, without waiting; when it is back it works again', async () => {
    const { bus, connection } = await open();
    const server = await open();
    server.connection.nats.subscribe('slipway.test.resolver.plan', { callback: (_, message) => void message.respond('7') });
    await nats.stop('SIGKILL');
    await until(() => !connection.connected());
    await expect(bus.request('resolver', 'plan', {}, { timeoutMs: EVER })).rejects.toMatchObject({ code: 'unreachable' });
    await nats.start();
    await until(() => connection.connected() && server.connection.connected());
    await expect(bus.request('resolver', 'plan', {})).resolves.toBe(7);
  }, 60_000);

  test('B1: one under way when the connection is lost fails then, as one that may have been handled', async () => {
    const { bus, connection } = await open();
    let handled = 0;
    connection.nats.subscribe('slipway.test.resolver.plan', { callback: () => void handled++ });
    const outcome = bus.request('resolver', 'plan', {}, { timeoutMs: EVER }).catch((error: unknown) => error);
    await until(() => handled > 0);
    await nats.stop('SIGKILL');
    expect(await outcome).toMatchObject({ code: 'timed-out', message: expect.stringContaining('lost') });
  }, 60_000);

  test('a server that is connected but silent makes it time out', async () => {
    const { bus } = await open();
    nats.freeze();
    await expect(bus.request('resolver', 'plan', {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timed-out' });
    nats.thaw();
    await expect(bus.request('resolver', 'plan', {})).rejects.toMatchObject({ code: 'no-server' });
  });

  test('an error of a plugin with a code that we do not know is internal, and named', async () => {
    const { bus, connection } = await open();
    const { headers } = await import('@nats-io/transport-node');
    connection.nats.subscribe('slipway.test.resolver.plan', {
      callback: (_, message) => {
        const answer = headers();
        answer.set('Slipway-Error', 'out-of-cheese');
        message.respond('{"message":"redo from start"}', { headers: answer });
      },
    });
    await expect(bus.request('resolver', 'plan', {})).rejects.toMatchObject({
      code: 'internal',
      message: 'out-of-cheese: redo from start',
    });
  });
});

describe('what is published', () => {
  test('reaches whoever listens, by wildcard, until it ends', async () => {
    const { bus, connection } = await open();
    const heard: unknown[] = [];
    const end = bus.subscribe('slipway.test.progress.*', (body, subject) => heard.push([subject, body]));
    bus.publish('slipway.test.progress.r1', { fraction: 0.5 });
    bus.publish('slipway.test.other.r1', {});
    await connection.nats.flush();
    expect(heard).toEqual([['slipway.test.progress.r1', { fraction: 0.5 }]]);
    end();
    bus.publish('slipway.test.progress.r1', {});
    await connection.nats.flush();
    expect(heard).toHaveLength(1);
  });

  test('is heard in the context that it was sent in', async () => {
    const { bus, connection } = await open();
    const heard: RequestContext[] = [];
    bus.subscribe('slipway.test.>', () => heard.push(currentContext()));
    const sent = ['ada', 'bob'].map((id) => systemContext(id, { causationId: `event-of-${id}` }));
    for (const context of sent) runInContext(context, () => bus.publish('slipway.test.a', null));
    await connection.nats.flush();
    expect(heard.map(({ correlationId, causationId, actor }) => ({ correlationId, causationId, actor }))).toEqual(
      sent.map(({ correlationId, causationId, actor }) => ({ correlationId, causationId, actor })),
    );
  });

  test('is lost while there is no connection, and subscriptions come back with it', async () => {
    const { bus, connection } = await open();
    const heard: unknown[] = [];
    bus.subscribe('slipway.test.>', (body) => heard.push(body));
    await nats.stop('SIGKILL');
    await until(() => !connection.connected());
    bus.publish('slipway.test.a', 'lost');
    await nats.start();
    await until(() => connection.connected());
    bus.publish('slipway.test.a', 'heard');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['heard']);
  }, 60_000);

  test('a listener that throws, or a malformed message, is reported and harms nobody', async () => {
    const { connection } = await open();
    const failed: [string, unknown][] = [];
    const bus = new NatsBus(connection, 'test', (subject, error) => failed.push([subject, error]));
    const heard: unknown[] = [];
    bus.subscribe('a.>', () => {
      throw new Error('listener');
    });
    bus.subscribe('a.>', (body) => heard.push(body));
    connection.nats.publish('a.b', '{');
    bus.publish('a.b', 1);
    await connection.nats.flush();
    expect(heard).toEqual([1]);
    expect(failed.map(([, error]) => (error as { code?: string }).code ?? (error as Error).message)).toEqual([
      'message-malformed',
      'message-malformed',
      'listener',
    ]);
  });
});
