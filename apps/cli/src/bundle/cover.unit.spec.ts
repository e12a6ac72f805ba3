import { describe, expect, it } from '@jest/globals';
import { cover } from './cover.js';

describe('what leaves the house', () => {
  it('is without a secret that is known, wherever it stands', () => {
    expect(cover('{"reason":"key is canary-1","n":1} canary-1', ['', 'canary-1'])).toBe(
      '{"reason":"key is [secret]","n":1} [secret]',
    );
  });

  it.each([
    ['postgres://shop:hunter22@db:5432/shop', 'postgres://[secret]@db:5432/shop'],
    ['nats://sometoken@127.0.0.1:4222', 'nats://[secret]@127.0.0.1:4222'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [secret]'],
    ['PGPASSWORD=hunter22hunter22 psql', 'PGPASSWORD=[secret] psql'],
    ['{"apiKey": "0123456789", "size": 12345678}', '{"apiKey": "[secret]", "size": 12345678}'],
    [String.raw`{"text": "{\"token\":\"0123456789\"}"}`, String.raw`{"text": "{\"token\":\"[secret]\"}"}`],
    ['-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nnext', '[secret]\nnext'],
  ])('is without what looks like a secret: %s', (text, covered) => {
    expect(cover(text, [])).toBe(covered);
  });

  it.each([
    'http://127.0.0.1:7420/api/v1/info',
    '{"secrets": {"key": {"bytes": 32}}, "logToken": "order-12345678"}',
    'code secret-unavailable, ada@example.com',
    '{"idempotencyKey": "0b0e8a52-6d7f"}',
  ])('keeps what is none: %s', (text) => {
    expect(cover(text, [])).toBe(text);
  });

  it('takes no longer for a text without spaces', () => {
    const text = 'a'.repeat(500_000);
    const began = performance.now();
    expect(cover(text, [])).toBe(text);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
