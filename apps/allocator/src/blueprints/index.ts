import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { dockerHost } from './docker-host/docker-host.js';
import { ec2Host } from './ec2-host/ec2-host.js';
import { hostStorage } from './host-storage.js';
import { licence } from './licence.js';
import { localHost } from './local-host.js';
import { pxeMachine } from './pxe-machine/pxe-machine.js';
import { remoteHost } from './remote-host.js';
import { sharedDatabase } from './shared-database/shared-database.js';
import { testScaffold } from './test-scaffold.js';
import { webroot } from './webroot.js';
import { workingCopy } from './working-copy.js';

/** Blueprints that come with Slipway, by the name of what they make; the configuration adds others. */
export const BLUEPRINTS: ReadonlyMap<string, BlueprintMaker> = new Map([
  ['DockerHost', dockerHost],
  ['EC2Host', ec2Host],
  ['HostStorage', hostStorage],
  ['Licence', licence],
  ['LocalHost', localHost],
  ['PxeMachine', pxeMachine],
  ['RemoteHost', remoteHost],
  ['SharedDatabase', sharedDatabase],
  ['TestScaffold', testScaffold],
  ['Webroot', webroot],
  ['WorkingCopy', workingCopy],
]);
