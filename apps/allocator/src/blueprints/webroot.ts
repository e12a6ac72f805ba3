import type { JsonObject } from '@slipway/contracts';
import { nginxHttpd } from '@slipway/interfaces';
import { declared } from '../blueprint/kit/declared.js';
import { heldHost } from '../blueprint/kit/held-host.js';
import { hostOn } from '../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { optionsOf } from '../blueprint/kit/options.js';

interface Options {
  address: string;
  name: string;
  host: JsonObject;
}
const OPTIONS = {
  address: { type: 'string', pattern: '^[0-9A-Fa-f.:]+$', default: '127.0.0.1' },
  name: { type: 'string', pattern: '^[A-Za-z0-9.:-]+$' },
  host: { type: 'object', default: {} },
};

/**
 * A web server of one's own on a leased host that has nginx, with a folder for what it serves. It has nothing of those who had it before. Options:
 * `address` that it listens on, `name` by which others find the host (the address when left out), `host` (attributes of the host). Its port is
 * chosen with its site; who needs a certain one locks it on the host.
 */
export const webroot: BlueprintMaker = (settings) => {
  const { address, name = address, host } = optionsOf<Options>(settings, OPTIONS);
  return declared(
    settings,
    { type: 'webroot', interfaces: ['httpd', 'filesystem'], needs: { host: { type: 'host', attributes: host } } },
    hostOn(heldHost, {
      interfaces: ({ command, filesystem }) => ({ httpd: nginxHttpd({ command, filesystem, address, host: name }), filesystem }),
    }),
  );
};
