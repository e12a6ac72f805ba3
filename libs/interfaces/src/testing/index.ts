export { describeCommand } from './command-contract.js';
export { describeFilesystem } from './filesystem-contract.js';
