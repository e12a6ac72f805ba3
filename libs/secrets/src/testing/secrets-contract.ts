import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SecretRef, Secrets } from '../port.js';

/** A fresh store, opened twice as two processes would. */
export interface SecretsUnderTest {
  secrets: Secrets;
  /** The same store, opened by somebody else. */
  other: Secrets;
  dispose(): Promise<void>;
}

/** The contract of {@link Secrets}: every adapter runs it. */
export function describeSecrets(adapter: string, prepare: () => Promise<SecretsUnderTest>): void {
  describe(`secrets contract: ${adapter}`, () => {
    let store: SecretsUnderTest;
    beforeEach(async () => {
      store = await prepare();
    });
    afterEach(() => store.dispose());

    test('ensure makes a random secret once and answers the same afterwards', async () => {
      const ref = await store.secrets.ensure('default.shop-db/g1/password');
      expect(ref).toBe('secret://default.shop-db/g1/password#1');
      const value = await store.secrets.read(ref);
      expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(await store.other.ensure('default.shop-db/g1/password')).toBe(ref);
      expect(await store.other.read(ref)).toBe(value);
      expect(await store.secrets.read(await store.secrets.ensure('another'))).not.toBe(value);
      expect(await store.secrets.read(await store.secrets.ensure('long', 64))).toHaveLength(86);
    });

    test('two that ensure at once get one and the same secret', async () => {
      const refs = await Promise.all(
        Array.from({ length: 16 }, (_, index) => (index % 2 ? store.secrets : store.other).ensure('shop/session-key')),
      );
      expect(new Set(refs)).toEqual(new Set(['secret://shop/session-key#1']));
      expect(await store.secrets.read(refs[0]!)).toBe(await store.other.read(refs[0]!));
    });

    test('put makes versions, each readable, none overwritten, also at once', async () => {
      const values = Array.from({ length: 8 }, (_, index) => `value ${index} ü`);
      const refs = await Promise.all(values.map((value, index) => (index % 2 ? store.secrets : store.other).put('token', value)));
      expect(new Set(refs)).toEqual(new Set(values.map((_, index) => `secret://token#${index + 1}`)));
      for (const [index, ref] of refs.entries()) expect(await store.secrets.read(ref)).toBe(values[index]);
      expect(await store.secrets.ensure('token')).toBe('secret://token#8');
    });

    test('what is not there is missing, by reference', async () => {
      await store.secrets.put('a', 'x');
      for (const ref of ['secret://b#1', 'secret://a#2', 'secret://a/b#1'] as const)
        await expect(store.secrets.read(ref)).rejects.toMatchObject({ code: 'secret-missing', details: { ref } });
    });

    test('empty forgets a prefix and all below it, twice if need be, and nothing beside it', async () => {
      const below = await Promise.all(['shop', 'shop/a', 'shop/b/c'].map((name) => store.secrets.put(name, name)));
      const second = await store.secrets.put('shop', 'again');
      const beside = await Promise.all(['shop2', 'shop-db/a', 'sho'].map((name) => store.secrets.put(name, name)));
      await store.secrets.empty('shop');
      await store.other.empty('shop');
      for (const ref of [...below, second]) await expect(store.other.read(ref)).rejects.toMatchObject({ code: 'secret-missing' });
      for (const ref of beside) expect(await store.other.read(ref)).toBe(ref.slice('secret://'.length, -2));
      await store.secrets.empty('never-there/at-all');
    });

    test('emptied while somebody ensures: it is either there or missing, and never fails otherwise', async () => {
      for (let round = 0; round < 20; round++) {
        const [ref] = await Promise.all([store.secrets.ensure('shop/x/y'), store.other.empty('shop')]);
        const outcome = await store.secrets.read(ref).catch((error: { code: string }) => error.code);
        expect(outcome).toMatch(/^([A-Za-z0-9_-]{43}|secret-missing)$/);
      }
    });

    test.each(['', '.', '..', '../key', 'a/../b', '/a', 'a/', 'a//b', 'a#1', 'a\0', 'a b', '~x', 'a\n', 'x'.repeat(251)])(
      'the hostile name %j is refused',
      async (name) => {
        for (const attempt of [
          () => store.secrets.ensure(name),
          () => store.secrets.put(name, 'x'),
          () => store.secrets.empty(name),
          () => store.secrets.read(`secret://${name}#1`),
        ])
          await expect(attempt()).rejects.toMatchObject({ code: 'bad-input' });
      },
    );

    test.each(['secret://a', 'secret://a#0', 'secret://a#1.5', 'secret://a#-1', 'a#1', 'http://a#1', 'secret://#1'])(
      'the reference %j is refused',
      async (ref) => {
        await expect(store.secrets.read(ref as SecretRef)).rejects.toMatchObject({ code: 'bad-input' });
      },
    );

    test('sizes have limits', async () => {
      for (const bytes of [0, 15, 1025, 1.5, Number.NaN])
        await expect(store.secrets.ensure('a', bytes)).rejects.toMatchObject({ code: 'bad-input' });
      await expect(store.secrets.put('a', 'x'.repeat(64 * 1024 + 1))).rejects.toMatchObject({ code: 'too-large' });
      const most = 'x'.repeat(64 * 1024);
      expect(await store.secrets.read(await store.secrets.put('a', most))).toBe(most);
    });
  });
}
