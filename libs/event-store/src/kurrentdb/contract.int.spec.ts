import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { eventStoreContract } from '../testing/index.js';
import { openKurrentEventLog } from './index.js';
import { StandInServer } from './fixtures/stand-in.js';

eventStoreContract('kurrentdb, on a stand-in for the server', async () => {
  const server = new StandInServer();
  return {
    open: (options) => openKurrentEventLog({ ...options, connection: '', client: server.client() }),
    remove: async () => {},
  };
});

const IMAGE = 'docker.kurrent.io/kurrent-latest/kurrentdb:latest';

/** Where a server is, or why there is none. */
function findServer(): { url: string } | { image: string } | { missing: string } {
  if (process.env.KURRENTDB_URL) return { url: process.env.KURRENTDB_URL };
  const image = process.env.KURRENTDB_IMAGE ?? IMAGE;
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
  } catch {
    return { missing: 'no KURRENTDB_URL is set and no Docker engine runs here' };
  }
  try {
    execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore', timeout: 10_000 });
  } catch {
    try {
      execFileSync('docker', ['pull', '--quiet', image], { stdio: 'ignore', timeout: 240_000 });
    } catch {
      return { missing: `no KURRENTDB_URL is set and Docker cannot get ${image}` };
    }
  }
  return { image };
}

const server = findServer();
if ('missing' in server) {
  describe.skip(`event store contract: kurrentdb (skipped: ${server.missing})`, () => {
    it('runs on a real server', () => {});
  });
} else {
  describe('on a real server', () => {
    let connection: string;
    let stop = async () => {};
    beforeAll(async () => {
      if ('url' in server) return void (connection = server.url);
      const { GenericContainer, Wait } = await import('testcontainers');
      const container = await new GenericContainer(server.image)
        .withCommand(['--insecure', '--mem-db'])
        .withExposedPorts(2113)
        .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
        .start();
      connection = `kurrentdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`;
      stop = async () => void (await container.stop());
    }, 300_000);
    afterAll(() => stop(), 60_000);
    eventStoreContract('kurrentdb', async () => ({
      open: (options) => openKurrentEventLog({ ...options, connection }),
      remove: async () => {},
    }));
  });
}
