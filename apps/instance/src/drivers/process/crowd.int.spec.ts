import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ask } from '../../testing/asking.js';
import { Rig, ROOT } from './testing/rig.js';

jest.setTimeout(300_000);

const APP = `
import { createServer } from 'node:http';
createServer((_, response) => response.end(JSON.stringify(process.env.WHO))).listen(process.env.PORT, '127.0.0.1');
`;

describe('many instances of one host', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.close());

  test('20 that are made at once share neither port nor user, and each answers for itself', async () => {
    const spec = await rig.spec(
      { environment: { PORT: '${port}', WHO: '${instance.name}' }, health: { path: '/', startSeconds: 120 } },
      { 'app.mjs': APP },
    );
    const names = Array.from({ length: 20 }, (_, index) => `shop-${index}`);
    const made = await Promise.all(names.map((name) => rig.driver.ensure(rig.target(name), spec, {}, rig.context())));
    const ports = made.map(({ outputs }) => outputs.port as number);
    expect(new Set(ports).size).toBe(20);
    for (const [index, port] of ports.entries()) {
      expect(port).toBeGreaterThanOrEqual(rig.ports.from);
      expect(port).toBeLessThanOrEqual(rig.ports.to);
      expect(await ask(port, '/')).toBe(names[index]);
    }
    const users = made.map(({ observed }) => (observed.user as { uid: number } | null)?.uid ?? null);
    if (ROOT) expect(new Set(users).size).toBe(20);
    else expect(new Set(users)).toEqual(new Set([null]));

    // What keeps one running is small: less than 2 MiB of memory of its own.
    const target = rig.target('shop-0');
    expect(ownMemory(rig.supervisorPid(target))).toBeLessThan(2048);

    await Promise.all(names.map((name) => rig.driver.destroy(rig.target(name), rig.context())));
    expect(rig.processes()).toEqual([]);
    expect([...rig.claims('ports'), ...rig.claims('users')]).toEqual([]);
    expect(readdirSync(rig.root).filter((name) => name.startsWith('default.'))).toHaveLength(20);
  });
});

/** Private memory of a process and its children but the app: supervisor and log reader, in KiB. */
function ownMemory(pid: number): number {
  const kib = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/^Private_\w+: +(\d+) kB/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const shells = children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('sh\0'));
  return [String(pid), ...shells].reduce((sum, each) => sum + kib(`/proc/${each}/smaps_rollup`), 0);
}
