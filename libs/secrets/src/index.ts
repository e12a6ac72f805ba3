export type { SecretRef, Secrets } from './port.js';
export { openSecrets } from './file/file-secrets.js';
export { Recipient, sealFor, type SealedMessage } from './sealed/recipient.js';
