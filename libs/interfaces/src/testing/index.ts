export { describeCommand } from './command-contract.js';
export { describeFilesystem } from './filesystem-contract.js';
export { buildTestPackage, makeDebianHost, whyNoDebianHost, type TestHost, type TestPackage } from './debian-host.js';
export {
  importNodeImage,
  importToolsImage,
  runThisMachine,
  startDockerEngine,
  whyNoDockerEngine,
  type TestEngine,
} from './docker-engine.js';
export { serveImage, type TestImageRegistry } from './image-registry.js';
export { TestRedfishServer, whyNoRedfishServer, type RedfishFault, type TestMachine } from './redfish-server.js';
export { startS3Store, whyNoS3Store, type TestS3Store } from './s3-store.js';
export {
  freePort,
  makeSshKey,
  startSshServer,
  startWire,
  whyNoOtherSshUser,
  whyNoSshServer,
  type SshServerOptions,
  type TestSshServer,
  type TestWire,
} from './ssh-server.js';
export { startSshMachine, whyNoSshMachine, type SshMachineOptions, type TestSshMachine } from './ssh-machine.js';
export { whyNoNginx } from './nginx.js';
export { startPostgres, whyNoPostgres, type TestPostgres } from './postgres-server.js';
