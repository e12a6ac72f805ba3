export type { SecretRef, Secrets } from './port.js';
