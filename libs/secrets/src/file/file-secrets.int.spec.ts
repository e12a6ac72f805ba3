import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeSecrets } from '../testing/secrets-contract.js';
import { openSecrets } from './file-secrets.js';

describeSecrets('file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
  const places = { folder: join(root, 'secrets'), keyFile: join(root, 'secrets.key') };
  const [secrets, other] = await Promise.all([openSecrets(places), openSecrets(places)]);
  return { secrets, other, dispose: () => rm(root, { recursive: true }) };
});

describe('file', () => {
  let root: string;
  let places: { folder: string; keyFile: string };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
    places = { folder: join(root, 'data', 'secrets'), keyFile: join(root, 'keys', 'secrets.key') };
  });
  afterEach(() => rm(root, { recursive: true }));

  test('key file and secrets are private, and no value stands in clear', async () => {
    const secrets = await openSecrets(places);
    const ref = await secrets.put('shop/token', 'a-canary-in-clear');
    const file = join(places.folder, 'shop', 'token#1');
    expect((await stat(places.keyFile)).mode & 0o777).toBe(0o600);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(places.folder)).mode & 0o777).toBe(0o700);
    expect(await readFile(file, 'utf8')).not.toContain('canary');
    expect(await (await openSecrets(places)).read(ref)).toBe('a-canary-in-clear');
    expect(await readdir(join(places.folder, 'shop'))).toEqual(['token#1']);
  });

  test('is opened while others make secrets and empty them', async () => {
    const others = await openSecrets(places);
    let going = true;
    const work = Array.from({ length: 8 }, async (_, n) => {
      for (let round = 0; going; round += 1) {
        await others.put(`of-${n}/g${round}/key`, 'x');
        await others.empty(`of-${n}`);
      }
    });
    try {
      for (let times = 0; times < 150; times += 1) await openSecrets(places);
    } finally {
      going = false;
      await Promise.all(work);
    }
  });

  test('opening sweeps what a killed process left half-written, and leaves what is written just now', async () => {
    await (await openSecrets(places)).put('shop/token', 'x');
    const [old, young] = [join(places.folder, 'shop', '~old'), join(places.folder, 'shop', '~young')];
    for (const path of [old, young]) await writeFile(path, 'half');
    await utimes(old, new Date(), new Date(Date.now() - 2 * 3600 * 1000));
    await openSecrets(places);
    expect((await readdir(join(places.folder, 'shop'))).toSorted()).toEqual(['token#1', '~young']);
  });

  test('the same value is sealed differently each time', async () => {
    const secrets = await openSecrets(places);
    const nonces = new Set<string>();
    for (let version = 1; version <= 50; version++) {
      await secrets.put('same', 'value');
      nonces.add((JSON.parse(await readFile(join(places.folder, `same#${version}`), 'utf8')) as { nonce: string }).nonce);
    }
    expect(nonces.size).toBe(50);
  });

  test('a key file that others may read is refused with the way out', async () => {
    await openSecrets(places);
    await chmod(places.keyFile, 0o640);
    await expect(openSecrets(places)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`chmod 600 ${places.keyFile}`),
    });
  });

  test('a key file without a key is refused', async () => {
    await openSecrets(places);
    await writeFile(places.keyFile, 'not a key\n');
    await expect(openSecrets(places)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('a key file inside the folder that is backed up is refused', async () => {
    const inside = [
      join(places.folder, 'key'),
      join(places.folder, '..', 'secrets', 'deep', 'key'),
      join(places.folder, '..key'),
    ];
    for (const keyFile of inside)
      await expect(openSecrets({ folder: places.folder, keyFile })).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('a lost key file is not silently replaced while secrets exist', async () => {
    const secrets = await openSecrets(places);
    await secrets.put('a', 'x');
    await rm(places.keyFile);
    await expect(openSecrets(places)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('put it back'),
    });
    expect(await readdir(join(root, 'keys'))).toEqual([]);
  });

  test('with another key a secret is named as sealed with the other one', async () => {
    const ref = await (await openSecrets(places)).put('shop/token', 'x');
    await writeFile(places.keyFile, `${'ab'.repeat(32)}\n`);
    await expect((await openSecrets(places)).read(ref)).rejects.toMatchObject({
      code: 'secret-damaged',
      message: expect.stringMatching(/shop\/token#1 .*sealed with key [0-9a-f]{16}/),
    });
  });

  test('every single changed character of a sealed file is detected', async () => {
    const secrets = await openSecrets(places);
    const ref = await secrets.put('token', 'a value');
    const file = join(places.folder, 'token#1');
    const whole = await readFile(file);
    for (let at = 0; at < whole.length - 1; at++) {
      const changed = Buffer.from(whole);
      changed[at] = changed[at]! ^ 2;
      await writeFile(file, changed);
      await expect(secrets.read(ref).then((value) => `read ${value} after byte ${at}`)).rejects.toMatchObject({
        code: 'secret-damaged',
      });
    }
    for (const length of [0, 1, whole.length >> 1, whole.length - 3]) {
      await writeFile(file, whole.subarray(0, length));
      await expect(secrets.read(ref)).rejects.toMatchObject({ code: 'secret-damaged' });
    }
  });

  test('a sealed file moved to another name or version does not open there', async () => {
    const secrets = await openSecrets(places);
    await secrets.put('mine', 'x');
    await secrets.put('yours', 'y');
    await rename(join(places.folder, 'mine#1'), join(places.folder, 'yours#2'));
    await expect(secrets.read('secret://yours#2')).rejects.toMatchObject({ code: 'secret-damaged' });
  });

  test('no error tells a value', async () => {
    const secrets = await openSecrets(places);
    await secrets.put('shop/token', 'first');
    await writeFile(join(places.folder, 'blocked'), '');
    const failures = await Promise.allSettled([
      secrets.put('blocked/x', 'a-canary-in-clear'),
      secrets.put('bad name', 'a-canary-in-clear'),
      secrets.put('a', 'a-canary-in-clear'.repeat(10_000)),
    ]);
    for (const failure of failures) {
      expect(failure.status).toBe('rejected');
      expect(JSON.stringify(failure, (_, value) => (value instanceof Error ? String(value.stack) : value))).not.toContain(
        'canary',
      );
    }
    expect(failures.map((failure) => (failure as { reason: { code: string } }).reason.code)).toEqual([
      'secret-unavailable',
      'bad-input',
      'too-large',
    ]);
  });

  test('real processes that start at once make one key and one secret', async () => {
    const program = `
      import { openSecrets } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const secrets = await openSecrets(${JSON.stringify(places)});
      const ref = await secrets.ensure('shop/session-key');
      console.log(ref, await secrets.read(ref));`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    const outputs = await Promise.all(Array.from({ length: 4 }, run));
    expect(new Set(outputs.map((output) => output.stdout)).size).toBe(1);
    expect(outputs[0]!.stdout).toMatch(/^secret:\/\/shop\/session-key#1 [A-Za-z0-9_-]{43}\n$/);
  }, 60_000);
});
