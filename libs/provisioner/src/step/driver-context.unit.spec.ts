import { SlipwayError } from '@slipway/contracts';
import type { Command } from '@slipway/interfaces';
import { expect, test } from '@jest/globals';
import { MemorySecrets } from '@slipway/secrets/testing';
import { abortable, secretPrefix } from './driver-context.js';

const resource = (environment: string, name: string) => ({ environment, kind: 'instance', name }) as const;

test('a reference of the time before a resource was made anew never leads to another secret', async () => {
  const secrets = new MemorySecrets();
  const of = (generation: number) => secretPrefix({ resource: resource('default', 'shop'), generation });
  const before = await secrets.ensure(`${of(1)}/key`);
  const value = await secrets.read(before);
  await secrets.empty(of(1));
  const after = await secrets.ensure(`${of(2)}/key`);
  expect(after).not.toBe(before);
  expect(await secrets.read(after)).not.toBe(value);
  await expect(secrets.read(before)).rejects.toMatchObject({ code: 'secret-missing' });
});

test('emptying one generation of one resource leaves all others', async () => {
  const secrets = new MemorySecrets();
  const prefixes = [
    secretPrefix({ resource: resource('default', 'shop'), generation: 1 }),
    secretPrefix({ resource: resource('default', 'shop'), generation: 11 }),
    secretPrefix({ resource: resource('default', 'shop-2'), generation: 1 }),
    secretPrefix({ resource: resource('other', 'shop'), generation: 1 }),
  ];
  const [gone, ...kept] = await Promise.all(prefixes.map((prefix) => secrets.ensure(`${prefix}/key`)));
  await secrets.empty(prefixes[0]!);
  await expect(secrets.read(gone!)).rejects.toMatchObject({ code: 'secret-missing' });
  for (const ref of kept) expect(await secrets.read(ref)).toMatch(/\S{20,}/);
});

test('no program that outlives a step begins once the step was asked to end', async () => {
  const begun: string[][] = [];
  const spawnDetached: Command['spawnDetached'] = async (line) => begun.push([...line]);
  const asked = new AbortController();
  const command = abortable({ spawnDetached } as Command, asked.signal);
  const begin = () => command.spawnDetached(['supervise'], { cwd: '/', env: {}, logFile: '/dev/null' });
  await begin();
  asked.abort(new SlipwayError('shutting-down'));
  await expect(begin()).rejects.toMatchObject({ code: 'shutting-down' });
  expect(begun).toEqual([['supervise']]);
});
