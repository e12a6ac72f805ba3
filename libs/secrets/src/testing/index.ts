export { MemorySecrets } from './memory-secrets.js';
export { describeSecrets, type SecretsUnderTest } from './secrets-contract.js';
