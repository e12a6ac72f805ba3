import type { LookupAddress } from 'node:dns';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { RemoteAway, RemoteRefused } from '../failures.js';
import { openOtherServer, redirects, sends, type OtherServer } from '../testing/other-server.js';
import { Fetcher, type FetcherOptions } from './fetcher.js';

const LOOPBACK = { privateHosts: ['127.0.0.1'] };
const WAITS = { quiet: 400, whole: 60_000 };

describe('another repository', () => {
  let other: OtherServer;
  const fetchers: Fetcher[] = [];
  beforeEach(async () => {
    other = await openOtherServer();
  });
  afterEach(async () => {
    for (const one of fetchers.splice(0)) await one.close();
    await other.close();
  });

  function fetcher(options: Partial<FetcherOptions> = {}): Fetcher {
    const made = new Fetcher({ base: `${other.url}content`, ...LOOPBACK, ...options });
    fetchers.push(made);
    return made;
  }
  const got = async (from: Fetcher, address: string, maxBytes = 1000): Promise<string> =>
    text((await from.get(address, { maxBytes })).body);
  const port = () => new URL(other.url).port;

  it('is asked below its base, and what it sends is handed on', async () => {
    other.routes.set('/content/a.json', sends('hello', { ETag: '"x"' }));
    const answer = await fetcher().get('a.json', { maxBytes: 100, accept: 'application/json' });
    expect([await text(answer.body), answer.headers['etag']]).toEqual(['hello', '"x"']);
  });

  describe('is not asked', () => {
    const NOWHERE: [string, string, string][] = [
      ['out of its base', '../secret', 'it leads out of'],
      ['out of its base by an escape', '%2e%2e/secret', 'it leads out of'],
      ['on another host', 'http://example.org/a', 'example.org is not among its hosts'],
      ['on another port', 'http://127.0.0.1:1/a', '127.0.0.1:1 is not among its hosts'],
      ['without a scheme, on another host', '//example.org/a', 'example.org is not among its hosts'],
      ['by another scheme', 'file:///etc/passwd', 'begins with https:// or http://'],
      ['by a scheme that carries what it says', 'data:text/plain,hello', 'begins with https:// or http://'],
      ['with a name and password in its address', 'http://ada:secret@127.0.0.1/a', 'holds no name and password'],
      ['at what is no address', 'http://[', 'begins with https:// or http://'],
    ];
    it.each(NOWHERE)('%s, whether it is linked or redirected to', async (_what, address, reason) => {
      other.routes.set('/content/a', redirects(address));
      for (const asked of [address, 'a']) {
        const refused = await got(fetcher(), asked).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(RemoteRefused);
        expect((refused as Error).message).toContain(reason);
        expect((refused as Error).message).not.toContain('ada:secret');
      }
      expect(other.asked.map(({ path }) => path)).toEqual(['/content/a']);
    });

    it.each([
      ['its own', `http://169.254.169.254/latest/meta-data/`],
      ['its own, as a number', `http://2852039166/latest/meta-data/`],
      ['its own, as an IPv6 address', `http://[::ffff:169.254.169.254]/latest/meta-data/`],
    ])('where a cloud hands out credentials, also when %s host is configured', async (_what, address) => {
      other.routes.set('/content/a', redirects(address));
      const { hostname } = new URL(address);
      const hosts = [hostname, '169.254.169.254'];
      await expect(got(fetcher({ hosts, privateHosts: ['127.0.0.1', ...hosts] }), 'a')).rejects.toThrow(
        'is no address of a repository',
      );
      await expect(got(fetcher({ base: address, privateHosts: hosts }), '')).rejects.toThrow('is no address of a repository');
    });

    it.each(['127.0.0.1', '0x7f.1', '[::1]', '[::ffff:7f00:1]'])('at %s where that is not configured', async (host) => {
      await expect(got(fetcher({ base: `http://${host}:${port()}/`, privateHosts: [] }), 'a')).rejects.toThrow(
        'name the host in privateHosts where that is meant',
      );
      expect(other.asked).toEqual([]);
    });

    test.each<[string, string[]]>([
      ['leads to this machine', ['127.0.0.1']],
      ['leads to a private network among others', ['93.184.216.34', '10.0.0.7']],
      ['leads to where credentials are handed out', ['169.254.169.254']],
    ])('under a name that %s', async (_what, addresses) => {
      const found = addresses.map((address): LookupAddress => ({ address, family: 4 }));
      const asking = fetcher({ base: `http://content.example:${port()}/`, lookup: (_host, done) => done(null, found) });
      await expect(got(asking, 'a')).rejects.toBeInstanceOf(RemoteRefused);
      expect(other.asked).toEqual([]);
    });

    test('at an address that was not looked at: a name that leads elsewhere the next time gains nothing', async () => {
      // As an attacker's own name server answers: first what passes, then what it is after.
      const answers = ['127.0.0.1', '169.254.169.254'];
      let lookups = 0;
      const lookup: FetcherOptions['lookup'] = (_host, done) => done(null, [{ address: answers[lookups++]!, family: 4 }]);
      other.routes.set('/a', sends('hello', { Connection: 'close' }));
      const asking = fetcher({ base: `http://content.example:${port()}/`, privateHosts: ['content.example'], lookup });
      expect(await got(asking, 'a')).toBe('hello');
      await expect(got(asking, 'a')).rejects.toThrow('169.254.169.254 is no address of a repository');
      // One lookup for each connection: what was looked at is what was connected to.
      expect([lookups, other.asked.length]).toEqual([2, 1]);
    });
  });

  it('is asked at an IPv6 address that is configured, as it stands in an address', async () => {
    other.routes.set('/a', sends('hello'));
    const base = `http://[::ffff:7f00:1]:${port()}/`;
    expect(await got(fetcher({ base, privateHosts: ['[::ffff:7f00:1]'] }), 'a')).toBe('hello');
  });

  it('is asked at an address of this machine under a name for which that is configured', async () => {
    other.routes.set('/a', sends('hello'));
    const lookup: FetcherOptions['lookup'] = (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    const base = `http://content.example:${port()}/`;
    expect(await got(fetcher({ base, privateHosts: ['content.example'], lookup }), 'a')).toBe('hello');
  });

  it('may redirect within its base, and to hosts that are configured; credentials go to the base only', async () => {
    const cdn = await openOtherServer({ '/x': sends('from elsewhere') });
    try {
      other.routes.set('/content/a', redirects('b', 307)).set('/content/b', redirects(`${cdn.url}x`));
      const hosts = [new URL(cdn.url).host];
      const asking = fetcher({ hosts, authorization: async () => 'Bearer secret' });
      expect(await got(asking, 'a')).toBe('from elsewhere');
      expect(other.asked.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret']);
      expect(cdn.asked).toEqual([{ path: '/x', authorization: undefined }]);
    } finally {
      await cdn.close();
    }
  });

  it('that was asked by HTTPS leads nowhere by HTTP', async () => {
    const asking = fetcher({ base: 'https://content.example/', hosts: ['example.org'] });
    await expect(got(asking, 'http://example.org/a')).rejects.toThrow('it leads from https:// to http://');
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  (openssl ? it : it.skip)(
    `is believed with the CA that is configured, and with no other${openssl ? '' : ' (skipped: no openssl to make a certificate)'}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'slipway-fetcher-'));
      const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:content.example', '-keyout', key, '-out', cert];
      expect(spawnSync('openssl', [...made, ...named]).status).toBe(0);
      const ca = readFileSync(cert, 'utf8');
      const server = createServer({ cert: ca, key: readFileSync(key) }, (_asked, response) => response.end('hello'));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      try {
        const at = {
          base: `https://content.example:${(server.address() as AddressInfo).port}/`,
          privateHosts: ['content.example'],
          lookup: ((_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }])) as FetcherOptions['lookup'] & object,
        };
        expect(await got(fetcher({ ...at, ca }), 'a')).toBe('hello');
        await expect(got(fetcher(at), 'a')).rejects.toThrow(/certificate/);
      } finally {
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('that redirects in a circle is left', async () => {
    other.routes.set('/content/a', redirects('a'));
    await expect(got(fetcher(), 'a')).rejects.toThrow('redirects more than 5 times');
    expect(other.asked.length).toBe(6);
  });

  describe('that sends', () => {
    it('more than is taken is cut off, whether it says so or not', async () => {
      other.routes.set('/content/long', sends('x'.repeat(2000)));
      await expect(got(fetcher(), 'long')).rejects.toThrow('sends 2000 bytes; at most 1000 are taken');
      other.routes.set('/content/endless', (_asked, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(1000)));
        };
        response.writeHead(200).on('drain', more);
        more();
      });
      await expect(got(fetcher(), 'endless')).rejects.toThrow('sends more than 1000 bytes');
    });

    it('what is compressed, which was not asked for, is refused before any of it is read: a bomb of gzip too', async () => {
      other.routes.set('/content/bomb', sends(gzipSync(Buffer.alloc(50_000)), { 'Content-Encoding': 'gzip' }));
      await expect(got(fetcher(), 'bomb')).rejects.toThrow('sends "gzip", which was not asked for');
    });

    it('heads without end is left', async () => {
      other.routes.set('/content/heads', sends('x', { 'X-Long': 'x'.repeat(40_000) }));
      await expect(got(fetcher(), 'heads')).rejects.toBeInstanceOf(RemoteAway);
    });

    it.each([
      [404, RemoteRefused],
      [401, RemoteRefused],
      [204, RemoteRefused],
      [429, RemoteAway],
      [503, RemoteAway],
    ])('%i is told so', async (status, failure) => {
      other.routes.set('/content/a', (_asked, response) => response.writeHead(status).end());
      const failed = await got(fetcher(), 'a').catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(failure);
      expect((failed as Error).message).toBe(`${other.url}content/a answered ${status}`);
    });
  });

  describe('that is away is told so', () => {
    it('when nobody listens', async () => {
      await other.close();
      await expect(got(fetcher(), 'a')).rejects.toEqual(new RemoteAway(`${other.url}content/a: connection refused`));
    });

    it('when its name has no address', async () => {
      const lookup: FetcherOptions['lookup'] = (host, done) =>
        done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
      await expect(got(fetcher({ base: 'http://content.example/', lookup }), 'a')).rejects.toThrow('its name has no address');
    });

    it('when it does not answer, stops in the middle, breaks off, or takes too long', async () => {
      other.routes
        .set('/content/silent', () => undefined)
        .set('/content/half', (_asked, response) => response.writeHead(200, { 'Content-Length': 10 }).write('half'))
        .set('/content/broken', (_asked, response) => {
          response.writeHead(200, { 'Content-Length': 10 }).write('half');
          setTimeout(() => response.destroy(), 20);
        })
        .set('/content/drops', (_asked, response) => {
          const timer = setInterval(() => response.write('x'), 50);
          response.writeHead(200).on('close', () => clearInterval(timer));
        });
      const failed = async (from: Fetcher, address: string) => {
        const error = await got(from, address).catch((failure: unknown) => failure);
        expect([address, error]).toEqual([address, expect.any(RemoteAway)]);
        return (error as Error).message;
      };
      const patient = { waits: WAITS };
      expect(await failed(fetcher(patient), 'silent')).toContain('it does not answer');
      expect(await failed(fetcher(patient), 'half')).toContain('it stopped in the middle of its answer');
      expect(await failed(fetcher(patient), 'broken')).toMatch(/broke off|terminated|closed/);
      expect(await failed(fetcher({ waits: { quiet: 60_000, whole: 400 } }), 'drops')).toContain('it takes too long');
    });
  });
});
