export { describeCommand } from './command-contract.js';
export { describeFilesystem } from './filesystem-contract.js';
export { importNodeImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from './docker-engine.js';
