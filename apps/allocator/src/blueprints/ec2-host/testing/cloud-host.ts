import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@slipway/contracts';
import type { Blueprint } from '../../../blueprint/blueprint.js';
import { makeBlueprint } from '../../../blueprint/load.js';
import { ec2Host } from '../ec2-host.js';
import type { TestCloud } from './test-cloud.js';

/** The blueprint, of a cloud. Its secret key is written into a folder. */
export function cloudHost(cloud: TestCloud, folder: string, options: JsonObject = {}): Blueprint {
  const { region, endpoint, accessKeyId, secretAccessKey, images, instanceTypes, sshPort: port } = cloud;
  const secretKeyFile = join(folder, 'secret-key');
  writeFileSync(secretKeyFile, `${secretAccessKey}\n`, { mode: 0o600 });
  const { username: user } = userInfo();
  const said = { region, endpoint, accessKeyId, secretKeyFile, images, instanceTypes, port, user, settleSeconds: 1 };
  return makeBlueprint(ec2Host, { name: 'EC2Host', location: 'local', options: { ...said, ...options } });
}
