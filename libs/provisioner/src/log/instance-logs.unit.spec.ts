import { beforeEach, describe, expect, test } from '@jest/globals';
import type { InstanceLogPart, InstanceLogQuery } from '@slipway/contracts';
import { settle } from '@slipway/mesh/testing';
import type { Driver, LogFrom } from '../driver.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { InstanceLogs } from './instance-logs.js';

describe('what an instance has written', () => {
  let rig: CoreRig;
  let driver: Driver;
  let logs: InstanceLogs;
  let written: string;
  let asked: (LogFrom & { generation: number })[];
  const resource = { environment: 'default', kind: 'instance' as const, name: 'shop' };
  const spec = { command: ['run'] };

  beforeEach(() => {
    rig = new CoreRig('instance');
    written = 'one\n';
    asked = [];
    driver = {
      ...new SimulatedPlace().driver('instance', 'simulated'),
      readLog: async ({ generation }, from) => {
        asked.push({ ...from, generation });
        const at = 'after' in from ? Number(from.after) : 0;
        return { content: Buffer.from(written.slice(at)), after: String(written.length), more: false };
      },
    };
    const ports = rig.ports([driver]);
    logs = new InstanceLogs(ports, rig.process([driver]).streams);
  });
  const provision = async (generation = 1) => {
    await rig.process([driver]).ensure(rig.ensure({ requestId: `r${generation}`, resource, spec, generation }), rig.context);
    await rig.clock.reach(() => rig.types(resource).filter((type) => type === 'Provisioned').length === generation);
  };
  const read = async (query: Partial<InstanceLogQuery> = {}): Promise<{ text: string; part: InstanceLogPart }> => {
    const part = await logs.read({ resource, ...query });
    return { text: Buffer.from(part.data, 'base64').toString(), part };
  };

  test('comes part by part, each from where the one before ended', async () => {
    await provision();
    const first = await read({ tail: 10 });
    written += 'two\n';
    const second = await read({ after: first.part.after });
    expect([first.text, second.text]).toEqual(['one\n', 'two\n']);
    expect(asked).toEqual([
      { tail: 10, generation: 1 },
      { after: '4', generation: 1 },
    ]);
  });

  test('an answer is held until there is something, and no longer than is wanted', async () => {
    await provision();
    const { after } = (await read()).part;
    const held = read({ after, waitMs: 2_000 });
    await rig.clock.pass(500);
    written += 'two\n';
    await rig.clock.pass(200);
    expect((await held).text).toBe('two\n');
    const nothing = read({ after: '1.8', waitMs: 1_000 });
    let over = false;
    void nothing.then(() => (over = true));
    await rig.clock.pass(900);
    expect(over).toBe(false);
    await rig.clock.pass(300);
    expect((await nothing).text).toBe('');
  });

  test('what was made anew begins a log of its own', async () => {
    await provision();
    const { after } = (await read()).part;
    await provision(2);
    expect((await read({ after })).text).toBe('one\n');
    expect(asked.at(-1)).toEqual({ tail: Number.MAX_SAFE_INTEGER, generation: 2 });
  });

  test('also of what does not become healthy', async () => {
    driver.ensure = () => new Promise(() => {});
    await rig.process([driver]).ensure(rig.ensure({ resource, spec }), rig.context);
    await settle();
    expect((await read()).text).toBe('one\n');
  });

  test('of nothing that is not there, and of no driver that keeps none', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'not-found', message: 'There is no instance default.shop' });
    await provision();
    delete driver.readLog;
    await expect(read()).rejects.toMatchObject({ code: 'not-possible', message: expect.stringContaining('simulated') });
  });
});
