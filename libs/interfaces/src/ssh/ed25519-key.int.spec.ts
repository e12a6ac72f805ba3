import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import { ed25519Key, privateKeyOf } from './ed25519-key.js';

const hasOpenSsh = spawnSync('ssh-keygen', ['-?']).error === undefined;

test('the key pair of a seed is the one of RFC 8032, always the same, and read by who speaks SSH for us', () => {
  // §7.1, TEST 2.
  const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
  const key = ed25519Key(seed, 'default.host-1');
  const [type, blob, comment] = key.publicKey.split(' ');
  expect([type, comment]).toEqual(['ssh-ed25519', 'default.host-1']);
  expect(Buffer.from(blob!, 'base64').subarray(-32).toString('hex')).toBe(
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  );
  expect(ed25519Key(seed, 'default.host-1')).toEqual(key);
  const parsed = ssh2.utils.parseKey(key.privateKey) as { isPrivateKey(): boolean; getPublicSSH(): Buffer };
  expect(parsed.isPrivateKey()).toBe(true);
  expect(parsed.getPublicSSH().toString('base64')).toBe(blob);
  expect(() => ed25519Key(seed.subarray(1), '')).toThrow('A seed of Ed25519 has 32 bytes, not 31');
});

test('a private key is kept as its file has it, or as its seed', () => {
  const seed = Buffer.alloc(32, 'a seed');
  const { privateKey } = ed25519Key(seed, '');
  expect(String(privateKeyOf(seed.toString('base64url')))).toBe(privateKey);
  expect(String(privateKeyOf(privateKey))).toBe(privateKey);
});

(hasOpenSsh ? test : test.skip)(
  `OpenSSH reads it, whatever its padding${hasOpenSsh ? '' : ' (skipped: no ssh-keygen here)'}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-key-'));
    try {
      for (const comment of ['', 'a', 'of-a-host', 'default.host-18']) {
        const seed = Buffer.alloc(32, `seed of ${comment}`);
        const { privateKey, publicKey, hostKey } = ed25519Key(seed, comment);
        writeFileSync(join(folder, 'key'), privateKey, { mode: 0o600 });
        expect(execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'key')], { encoding: 'utf8' }).trim()).toBe(publicKey.trim());
        const [, fingerprint] = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'key')], { encoding: 'utf8' }).split(' ');
        expect(hostKey).toBe(`ssh-ed25519 ${fingerprint}`);
        rmSync(join(folder, 'key'));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
