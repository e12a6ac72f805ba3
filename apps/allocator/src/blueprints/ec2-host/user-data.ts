import type { Ed25519Key } from '@slipway/interfaces';

/**
 * What an instance is told at its first start (cloud-init, module `ssh`): its host key, and to forget those that its image came with. YAML, of which
 * JSON is a part.
 */
export function userData({ privateKey, publicKey }: Ed25519Key): string {
  const config = { ssh_deletekeys: true, ssh_keys: { ed25519_private: privateKey, ed25519_public: publicKey } };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}
