/** The interfaces as they are called from outside: by JSON that fits their schemas, on a real host. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Json, JsonObject } from '@slipway/contracts';
import { MINIMAL_ENV } from '@slipway/interfaces';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { CallTold, HeldInterfaces } from '../blueprint/blueprint.js';
import { makeBlueprint } from '../blueprint/load.js';
import { BlueprintPlace } from '../blueprint/testing/index.js';
import { localHost } from '../blueprints/local-host.js';
import { endOf } from './command.js';
import { INTERFACES } from './index.js';

jest.setTimeout(60_000);

let place: BlueprintPlace;
let held: HeldInterfaces;
let told: CallTold & { heard: string[] };
beforeAll(async () => {
  place = await BlueprintPlace.make();
  const blueprint = makeBlueprint(localHost, { name: 'LocalHost', location: 'local', options: {} });
  held = await place.hold(blueprint);
  const { blobs } = await place.context(blueprint);
  const heard: string[] = [];
  const line = (text: string, from: 'stdout' | 'stderr') => void heard.push(`${from}: ${text}`);
  told = {
    signal: new AbortController().signal,
    blobs,
    heard,
    line,
    lines: async (texts, from) => texts.forEach((text) => line(text, from)),
  };
}, 60_000);
afterAll(() => place.remove(), 60_000);

const ajv = new Ajv2020({ strict: true });

/** As a caller from outside does; his arguments fit. */
async function call(name: string, method: string, given: JsonObject): Promise<Json> {
  const { arguments: schema, call: called } = INTERFACES.get(name)!.methods[method]!;
  const fits = ajv.validate(schema, given);
  if (!fits) throw new Error(ajv.errorsText());
  const answer = await called((await held.interface(name)) as never, JSON.parse(JSON.stringify(given)) as JsonObject, told);
  expect(JSON.stringify(answer).length).toBeLessThan(256 * 1024);
  return JSON.parse(JSON.stringify(answer)) as Json;
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('command', () => {
  test('runs a program with arguments, environment and input, tells its lines as they come, and how it ended', async () => {
    const command = ['sh', '-c', 'cat; echo "$1 $A" >&2; exit 3', 'sh', 'a b'];
    expect(await call('command', 'exec', { command, env: { A: 'x', PATH: '/usr/bin:/bin' }, input: 'grüße\n' })).toEqual({
      exitCode: 3,
      stdout: 'grüße\n',
      stderr: 'a b x\n',
    });
    expect(told.heard.toSorted()).toEqual(['stderr: a b x', 'stdout: grüße']);
    await expect(call('command', 'execOrThrow', { command })).rejects.toMatchObject({
      code: 'driver-failed',
      details: { exitCode: 3 },
    });
    await expect(call('command', 'exec', { command: ['sleep', '30'], timeoutMs: 200 })).rejects.toMatchObject({
      code: 'timed-out',
    });
  });

  test('a program or a folder that is not there was named wrong', async () => {
    await expect(call('command', 'exec', { command: ['nosuchprog'] })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('there is no program nosuchprog'),
      details: { lacks: 'program' },
    });
    await expect(call('command', 'execOrThrow', { command: ['pwd'], cwd: 'nosuch' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/there is no folder .*nosuch/),
      details: { lacks: 'folder' },
    });
  });

  test('variables are added to the minimal environment, or stand in place of those', async () => {
    const env = { A: 'x', LANG: 'C' };
    const said = (await call('command', 'exec', { command: ['sh', '-c', 'echo "$A $LANG $HOME $PATH"'], env })) as JsonObject;
    const home = (await call('command', 'exec', { command: ['sh', '-c', 'echo "$HOME"'] })) as JsonObject;
    const before = String(home['stdout']).trim();
    expect(before).toMatch(/^\//);
    expect(String(said['stdout']).split('\n')[0]).toBe(`x C ${before} ${MINIMAL_ENV.PATH}`);
  });

  test('what is said at length is answered with its end', async () => {
    const said = (await call('command', 'exec', { command: ['sh', '-c', 'yes | head -c 900000; printf end'] })) as JsonObject;
    expect(String(said['stdout'])).toMatch(/y\nend$/);
    expect(endOf('\u0001'.repeat(1_000), 600).length).toBeLessThan(100);
    expect(endOf('short')).toBe('short');
  });

  test.each([
    [{ command: [] }],
    [{ command: 'rm -r x' }],
    [{ command: ['a\u0000b'] }],
    [{ command: ['a'], env: { 'A=B': 'c' } }],
    [{ command: ['a'], shell: true }],
  ])('%j does not fit', async (given) => {
    await expect(call('command', 'exec', given as unknown as JsonObject)).rejects.toThrow(/data/);
  });
});

describe('filesystem', () => {
  test('small files go and come in the message', async () => {
    expect(await call('filesystem', 'mkdir', { path: 'a/b' })).toBeNull();
    expect(await call('filesystem', 'writeFile', { path: 'a/b/file', content: base64('grüße'), mode: 0o600 })).toBeNull();
    expect(await call('filesystem', 'readFile', { path: 'a/b/file' })).toEqual({ content: base64('grüße') });
    expect(await call('filesystem', 'stat', { path: 'a/b/file' })).toMatchObject({ type: 'file', mode: 0o600, bytes: 7 });
    expect(await call('filesystem', 'list', { path: 'a/b' })).toEqual(['file']);
    expect(await call('filesystem', 'remove', { path: 'a' })).toBeNull();
    for (const method of ['readFile', 'stat']) expect(await call('filesystem', method, { path: 'a/b/file' })).toBeNull();
    expect(await call('filesystem', 'list', { path: 'a' })).toEqual([]);
  });

  test('large ones go by the blobs, and back', async () => {
    const content = randomBytes(3_000_000);
    const { sha256 } = await told.blobs.put(content);
    await call('filesystem', 'put', { path: 'large', blob: sha256 });
    await expect(call('filesystem', 'readFile', { path: 'large' })).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/take it by get/),
    });
    const { exitCode } = (await call('command', 'exec', { command: ['sh', '-c', 'cat large large > twice'] })) as JsonObject;
    expect(exitCode).toBe(0);
    const twice = createHash('sha256').update(content).update(content).digest('hex');
    expect(await call('filesystem', 'get', { path: 'twice' })).toMatchObject({ sha256: twice });
    expect(await told.blobs.has(twice)).toBe(true);
  });

  test('what is not there, or is something else, is said so by the path that was named', async () => {
    const { sha256 } = await told.blobs.put(Buffer.from('x'));
    await call('filesystem', 'mkdir', { path: 'folder' });
    await call('filesystem', 'writeFile', { path: 'plain', content: '' });
    const refused = async (method: string, given: JsonObject, code: string, message: string) =>
      expect(call('filesystem', method, given)).rejects.toMatchObject({ code, message });
    const makeIt = 'There is no folder for sub/dir/x: make it first (filesystem mkdir)';
    await refused('get', { path: 'nope.txt' }, 'not-found', 'There is no nope.txt');
    await refused('get', { path: 'folder' }, 'bad-input', 'folder is a folder, not a file');
    await refused('put', { path: 'sub/dir/x', blob: sha256 }, 'not-found', makeIt);
    await refused('writeFile', { path: 'sub/dir/x', content: '' }, 'not-found', makeIt);
    await refused('writeFile', { path: 'folder', content: '' }, 'bad-input', 'folder is a folder, not a file');
    await refused('put', { path: 'plain/x', blob: sha256 }, 'bad-input', 'A file stands in the way of plain/x');
  });

  test.each([
    ['writeFile', { path: 'x', content: 'no base64!' }],
    ['readFile', { path: '' }],
    ['mkdir', { path: 'x', mode: 4096 }],
    ['put', { path: 'x', blob: '../../x' }],
  ])('%s %j does not fit', async (method, given) => {
    await expect(call('filesystem', method, given)).rejects.toThrow(/data/);
  });
});

test('every method is told of in a sentence, and refuses what it does not know', () => {
  for (const { name, methods } of INTERFACES.values())
    for (const [method, { description, arguments: schema }] of Object.entries(methods)) {
      expect(`${name}.${method}: ${description}`).toMatch(/\.$/);
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    }
});
