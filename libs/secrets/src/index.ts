export type { SecretRef, Secrets } from './port.js';
export { openSecrets } from './file/file-secrets.js';
