import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { EventToHandle } from '@slipway/contracts';
import { HandlerConfig } from '@slipway/mesh';
import { eventually } from '../testing/place.js';
import { HandlerThread } from './thread.js';

jest.setTimeout(120_000);

const EVENT = { id: 'e-1', name: 'dfe.provisioned', data: {} } as unknown as EventToHandle;
const send = () => Promise.reject(new Error('it sends nothing'));
/** Each thread that stands, also one that nobody knows any more, has a port to this one. */
const ports = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;

describe('the thread of a handler', () => {
  let folder: string;
  let thread: HandlerThread;
  let before: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-thread-'));
    before = ports();
  });
  afterEach(async () => {
    await thread.end();
    await eventually('no thread is left', () => ports() <= before);
    rmSync(folder, { recursive: true, force: true });
  });

  /** `LOADS` and `HANDLED` are files that `note` writes a line to. */
  const make = (text: string, over: Partial<HandlerConfig> = {}) => {
    const file = join(folder, 'handler.mjs');
    const head = `import { appendFileSync, existsSync } from 'node:fs';
const [LOADS, HANDLED] = ${JSON.stringify([join(folder, 'loads'), join(folder, 'handled')])};
const note = (file) => appendFileSync(file, 'line\\n');
export const names = ['dfe.*'];
`;
    writeFileSync(file, head + text);
    const config = Object.assign(new HandlerConfig(), { file, ...over });
    thread = new HandlerThread({ name: 'one', config, packages: undefined, said: () => {} });
  };
  const count = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').split('\n').length - 1 : 0;

  test('loads once for all who ask, and again when it is renewed', async () => {
    make(`note(LOADS);\nexport const handle = () => note(HANDLED);`);
    expect(await Promise.all([thread.load(), thread.load()])).toEqual([['dfe.*'], ['dfe.*']]);
    await thread.handle(EVENT, 1, send);
    expect(count('loads')).toBe(1);
    await thread.renew();
    await thread.handle(EVENT, 1, send);
    expect([count('loads'), count('handled')]).toEqual([2, 2]);
  });

  test('renewed while it loads, it stands once: the first is ended, and nobody takes the second for it', async () => {
    make(`const first = !existsSync(LOADS);
note(LOADS);
if (first) await new Promise((resolve) => setTimeout(resolve, 1e9));
export const handle = () => note(HANDLED);`);
    const first = thread.load().catch(({ code }: { code: string }) => code);
    await eventually('it loads', () => count('loads') === 1);
    await thread.renew();
    expect(await thread.load()).toEqual(['dfe.*']);
    await thread.handle(EVENT, 1, send);
    expect([count('loads'), count('handled')]).toEqual([2, 1]);
    expect(await first).toBe('shutting-down');
  });

  test('cut off by its time limit, it has ended when its end is told', async () => {
    make(`export const handle = () => { for (;;); };`, { timeoutSeconds: 0.1 });
    await expect(thread.handle(EVENT, 1, send)).rejects.toMatchObject({
      message: expect.stringMatching(/did not end within 0\.1 s/),
    });
    await thread.end();
    expect(ports()).toBeLessThanOrEqual(before);
  });

  test('one that ends itself as soon as it is loaded fails its event, at once', async () => {
    make(`setImmediate(() => process.exit(3));\nexport const handle = () => new Promise(() => {});`);
    await expect(thread.handle(EVENT, 1, send)).rejects.toMatchObject({ message: expect.stringMatching(/has ended its thread/) });
  });

  test('none is begun behind its end', async () => {
    make(`note(LOADS);\nexport const handle = () => note(HANDLED);`);
    await thread.end();
    await expect(thread.load()).rejects.toMatchObject({ code: 'shutting-down' });
    await expect(thread.handle(EVENT, 1, send)).rejects.toMatchObject({ code: 'shutting-down' });
    await thread.renew();
    expect(ports()).toBeLessThanOrEqual(before);
    expect(count('loads')).toBe(0);
  });
});
