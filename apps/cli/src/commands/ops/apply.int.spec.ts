import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hashOf, type Plan } from '@slipway/contracts';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const definition = { name: 'hello', version: '1.0.0', hash: 'h' };
const planned = (more: Partial<Plan> = {}): Plan => {
  const plan = {
    ...{
      environment: 'default',
      outcome: 'install' as const,
      alreadySatisfied: [],
      wires: [],
      leases: [] as [],
      unsatisfied: [],
    },
    ...{ reads: [{ key: 'instance/shop', generation: null }], writes: ['instance/shop'] },
    steps: [
      {
        ...{ id: 'instance/shop', action: 'ensure' as const, kind: 'instance' as const, name: 'shop', generation: 1, definition },
        ...{ location: 'local', driver: 'process', spec: {}, after: [], inverse: 'destroy' as const },
      },
    ],
    ...more,
  };
  return { ...plan, hash: hashOf(plan) };
};
const info = { mesh: 'dev', eventLog: { logId: 'abc', position: 'abc.1.7' } };

describe('a plan that is kept', () => {
  let gateway: SmallGateway;
  let folder: string;
  let file: string;
  let now: Plan;
  let log: typeof info;
  /** How the request stands that is followed. */
  let ended: object;
  const bodies: Record<string, unknown> = {};
  beforeEach(async () => {
    [now, log] = [planned(), info];
    for (const path of Object.keys(bodies)) delete bodies[path];
    folder = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
    file = join(folder, 'shop.json');
    gateway = await SmallGateway.open((url, _method, body) => {
      const path = url.pathname.replace('/api/v1', '');
      bodies[path] = body;
      if (path === '/plans') return now;
      if (path === '/requests/r') return ended;
      return path === '/info' ? log : { requestId: 'r', position: 'p' };
    });
  });
  afterEach(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
  const keep = (...more: string[]) => ran(gateway.url, 'plan', '--definition=hello', ...more, '--out', file, 'ada', 'shop');
  const kept = () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

  it('is the job, the plan and where they are of, for its owner only; the plan is shown as ever', async () => {
    expect(await keep()).toMatchObject({ code: 0, stderr: `Kept in ${file}. Carry it out with: npx slipway apply ${file}\n` });
    expect(kept()).toEqual({
      ...{ format: 'slipway-plan/1', mesh: 'dev', log: 'abc', position: 'abc.1.7', job: 'provision' },
      body: { ownerId: 'ada', instanceId: 'shop', ownerType: 'user', definition: 'hello' },
      ...{ plan: now, madeAt: expect.any(String), hash: expect.any(String) },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('of a job on what is there holds only what that job takes', async () => {
    await ran(gateway.url, 'plan', '--deprovision', '--out', file, 'ada', 'shop');
    expect(kept()).toMatchObject({ job: 'deprovision', body: { instanceId: 'shop' } });
    await ran(gateway.url, 'apply', '--no-wait', file);
    expect(bodies['/ops/deprovision']).toEqual({ instanceId: 'shop', planHash: now.hash });
  });

  it('is not written over what is there, without --force; nor where it cannot be carried out', async () => {
    writeFileSync(file, 'mine');
    expect(await keep()).toMatchObject({ code: 2, text: expect.stringContaining('is there already') });
    expect(gateway.calls).toEqual([]);
    expect((await keep('--force')).code).toBe(0);
    rmSync(file);
    now = planned({ outcome: 'unsatisfied', steps: [] });
    expect((await keep()).code).toBe(3);
    expect(() => readFileSync(file)).toThrow();
  });

  it('is applied by its hash, with the job as it was asked for', async () => {
    await keep();
    expect(await ran(gateway.url, 'apply', '--no-wait', file)).toMatchObject({ code: 0, stdout: 'r\n' });
    const body = { ownerId: 'ada', instanceId: 'shop', ownerType: 'user', definition: 'hello', planHash: now.hash };
    expect(bodies['/ops/provision']).toEqual(body);
    await ran(gateway.url, 'apply', '--no-wait', '--or-replan', file);
    expect(bodies['/ops/provision']).toEqual({ ...body, ifChanged: 'replan' });
  });

  const request = (more: object) => ({
    ...{ id: 'r', job: 'provision', instanceId: 'shop', environment: 'default', steps: [], position: 'p', ...more },
  });
  it('that is refused when its turn comes shows the difference that was recorded: exit code 6', async () => {
    await keep();
    const differences = [
      { part: 'steps', key: 'instance/shop', change: 'changed', fields: [{ field: 'generation', before: 1, after: 2 }] },
    ];
    const cause = { code: 'plan-changed', message: 'It is another one', hint: 'Plan anew.', details: { differences } };
    ended = request({ status: 'failed', endedAt: '2026-01-01T00:00:00Z', cause });
    const { code, stdout, stderr } = await ran(gateway.url, 'apply', file);
    expect([code, stderr]).toEqual([6, expect.stringContaining('The difference:\n')]);
    expect(stdout).toContain('  ~ step instance/shop\n      generation: 1 → 2\n');
  });

  it('that was planned anew shows with which difference; one that fails otherwise is a failure', async () => {
    await keep();
    const result = { installed: [], alreadySatisfied: [], removed: [], wires: [] };
    ended = request({
      status: 'succeeded',
      endedAt: '2026-01-01T00:00:00Z',
      result,
      plan: planned({ outcome: 'satisfied', steps: [] }),
    });
    const anew = await ran(gateway.url, 'apply', '--or-replan', file);
    expect([anew.code, anew.stderr]).toEqual([0, expect.stringContaining('It was planned anew, with this difference:')]);
    expect(anew.stdout).toContain('  ~ the plan\n      outcome: install → satisfied\n  - ensure instance/shop (hello@1.0.0)\n');
    ended = request({
      status: 'failed',
      endedAt: '2026-01-01T00:00:00Z',
      cause: { code: 'driver-failed', message: 'no', hint: '' },
    });
    expect((await ran(gateway.url, 'apply', file)).code).toBe(1);
  });

  const tampered: [string, (whole: Record<string, unknown>) => unknown, string][] = [
    ['another owner', (whole) => ({ ...whole, body: { ...(whole['body'] as object), ownerId: 'eve' } }), 'hash: is not that of'],
    [
      'a step more',
      (whole) => ({ ...whole, plan: { ...(whole['plan'] as object), steps: [] } }),
      'plan: its hash is not that of the plan',
    ],
    ['no plan', (whole) => ({ ...whole, plan: 'all of it' }), 'plan: must be an object'],
    ['an empty plan', (whole) => ({ ...whole, plan: {} }), 'plan: is no plan: it has no hash and no steps'],
    ['a job that there is not', (whole) => ({ ...whole, job: 'constructor' }), 'job: must be one of provision,'],
    ['another format', (whole) => ({ ...whole, format: 'slipway-plan/9' }), 'format: must be slipway-plan/1'],
    ['a list', () => [], 'is no plan: it holds no object'],
  ];
  it.each(tampered)('with %s is refused by its field, and nothing is asked', async (_what, change, reason) => {
    await keep();
    writeFileSync(file, JSON.stringify(change(kept())));
    gateway.calls.length = 0;
    expect(await ran(gateway.url, 'apply', file)).toMatchObject({ code: 2, text: expect.stringContaining(reason) });
    expect(gateway.calls).toEqual([]);
  });

  it('that is no JSON, or not there, or of another mesh is refused', async () => {
    await keep();
    log = { mesh: 'prod', eventLog: { logId: 'xyz', position: 'xyz.1.1' } };
    expect(await ran(gateway.url, 'apply', file)).toMatchObject({
      code: 2,
      text: `${file}: log: it was made by another mesh, dev; this is prod, with another event log.`,
    });
    expect(bodies['/ops/provision']).toBeUndefined();
    writeFileSync(file, '{');
    expect(await ran(gateway.url, 'apply', file)).toMatchObject({ code: 2, text: expect.stringContaining('is no JSON') });
    rmSync(file);
    expect(await ran(gateway.url, 'apply', file)).toMatchObject({ code: 2, text: expect.stringContaining('cannot be read') });
  });

  it('is held against another, or against what would be done now: exit code 6 where they differ', async () => {
    await keep();
    expect(await ran(gateway.url, 'diff', file)).toMatchObject({ code: 0, stdout: 'Both plans say the same.\n' });
    expect(bodies['/plans']).toMatchObject({ job: 'provision', instanceId: 'shop', ownerId: 'ada' });
    const steps = [{ ...now.steps[0]!, generation: 2 }];
    const other = join(folder, 'other.json');
    writeFileSync(other, JSON.stringify(planned({ steps })));
    expect(await ran(gateway.url, 'diff', file, other)).toMatchObject({
      code: 6,
      stdout: '  ~ step instance/shop\n      generation: 1 → 2\n',
    });
    const { code, stdout } = await ran(gateway.url, '-o', 'json', 'diff', file, other);
    expect([code, JSON.parse(stdout)]).toEqual([
      6,
      {
        ...{ before: now.hash, after: planned({ steps }).hash },
        differences: [
          {
            ...{ part: 'steps', key: 'instance/shop', change: 'changed' },
            fields: [{ field: 'generation', before: 1, after: 2 }],
          },
        ],
      },
    ]);
    expect(await ran(gateway.url, 'diff', other)).toMatchObject({ code: 2, text: expect.stringContaining('keep it with --out') });
  });
});
