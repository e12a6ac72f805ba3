import { describe, expect, test } from '@jest/globals';
import { keyPairOf, openBase, sealBase } from './hpke.js';
import { Recipient, sealFor } from './recipient.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('HPKE in base mode', () => {
  // RFC 9180 A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, the first encryption.
  const sender = keyPairOf(hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'));
  const recipient = keyPairOf(hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'));
  const message = {
    info: hex('4f6465206f6e2061204772656369616e2055726e'),
    aad: hex('436f756e742d30'),
    aead: 'aes-128-gcm' as const,
  };
  const plain = hex('4265617574792069732074727574682c20747275746820626561757479');
  const sealed = hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a');

  test('seals and opens as the RFC’s example does', () => {
    expect(sender.publicKey.toString('hex')).toBe('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431');
    expect(recipient.publicKey.toString('hex')).toBe('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d');
    const made = sealBase(recipient.publicKey, sender, plain, message);
    expect(made.sealed.toString('hex')).toBe(sealed.toString('hex'));
    expect(openBase(recipient, made.enc, sealed, message)).toEqual(plain);
  });

  test('does not open with another info, other data beside it, or one bit changed', () => {
    const { enc } = sealBase(recipient.publicKey, sender, plain, message);
    expect(() => openBase(recipient, enc, sealed, { ...message, info: hex('00') })).toThrow();
    expect(() => openBase(recipient, enc, sealed, { ...message, aad: hex('00') })).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => openBase(recipient, enc, changed, message)).toThrow();
    }
  });

  test('refuses a public key of small order', () => {
    for (const key of [Buffer.alloc(32), Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])])
      expect(() => sealBase(key, sender, plain, message)).toThrow();
  });
});

describe('a message sealed for one recipient', () => {
  const recipient = new Recipient();

  test('is opened by that one for that purpose, and nobody else', () => {
    const sealed = sealFor(recipient.key, 'shop', 'the secret ü');
    expect(recipient.open(sealed, 'shop')).toBe('the secret ü');
    expect(JSON.stringify(sealed)).not.toContain('secret ');
    const refused = expect.objectContaining({ code: 'secret-damaged' });
    expect(() => recipient.open(sealed, 'blog')).toThrow(refused);
    expect(() => new Recipient().open(sealed, 'shop')).toThrow(refused);
    expect(() => recipient.open({ enc: 'rubbish', sealed: '' }, 'shop')).toThrow(refused);
  });

  test('is another one each time', () => {
    expect(sealFor(recipient.key, 'shop', 'x')).not.toEqual(sealFor(recipient.key, 'shop', 'x'));
  });

  test.each(['', 'short', 'A'.repeat(43), 'A'.repeat(44)])('the key %j is refused', (key) => {
    expect(() => sealFor(key, 'shop', 'x')).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});
