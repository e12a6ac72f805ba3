import { MemorySecrets } from './memory-secrets.js';
import { describeSecrets } from './secrets-contract.js';

describeSecrets('memory', async () => {
  const secrets = new MemorySecrets();
  return { secrets, other: secrets, dispose: async () => undefined };
});
