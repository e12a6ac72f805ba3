import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts/public';
import type { Filesystem } from '../filesystem.js';
import type { EngineAddress } from './engine-api.js';

/**
 * How an engine is reached, `unix:///…` or `tcp://…`. `certificates`: folder of `ca.pem`, `cert.pem` and `key.pem`, as the client has it. Throws
 * `driver-failed` for one that is not there.
 */
export async function engineAddress(
  engine: string,
  certificates: string | undefined,
  filesystem: Filesystem,
): Promise<EngineAddress> {
  if (certificates === undefined) return { host: engine };
  const read = async (name: string) => {
    const path = join(certificates, name);
    const content = await filesystem.readFile(path);
    if (content) return content;
    throw new SlipwayError('driver-failed', `The certificate ${path} is not there`, { path });
  };
  return { host: engine, tls: { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') } };
}
