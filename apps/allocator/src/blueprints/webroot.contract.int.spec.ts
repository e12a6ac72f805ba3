import { createServer, type AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import type { Filesystem, Httpd } from '@slipway/interfaces';
import { whyNoNginx } from '@slipway/interfaces/testing';
import { makeBlueprint } from '../blueprint/load.js';
import { blueprintContract } from '../blueprint/testing/index.js';
import { noProgramOf, nothingOf, onLocalHost, stillForeign, putForeign } from './testing/on-local-host.js';
import { webroot } from './webroot.js';

const missing = whyNoNginx();

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

blueprintContract('Webroot', () => makeBlueprint(webroot, { name: 'Webroot', location: 'local', options: {} }), {
  ...(missing !== undefined && { missing }),
  needs: onLocalHost,
  gone: nothingOf,
  async use({ interface: get, lease }) {
    const filesystem = await get<Filesystem>('filesystem');
    const httpd = await get<Httpd>('httpd');
    await filesystem.mkdir('www');
    await filesystem.writeFile('www/index.html', lease.id);
    await httpd.configure({ port: await freePort(), routes: { '/': { folder: 'www' } } });
    const uri = await httpd.getUri('/');
    return async () => expect(await (await fetch(uri, { headers: { connection: 'close' } })).text()).toBe(lease.id);
  },
  takenBack: ({ resource }) => noProgramOf(resource),
  foreign: { put: putForeign, stands: stillForeign },
  points: 1,
});
