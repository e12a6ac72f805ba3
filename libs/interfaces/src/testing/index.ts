export { describeCommand } from './command-contract.js';
export { describeFilesystem } from './filesystem-contract.js';
export { importNodeImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from './docker-engine.js';
export { startS3Store, whyNoS3Store, type TestS3Store } from './s3-store.js';
