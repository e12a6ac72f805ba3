import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ran } from '../../testing/ran.js';
import { SmallGateway } from '../../testing/small-gateway.js';

const ID = 'eabbe5ed-15d7-569b-b439-a3810c582f2c';

interface Usage {
  usage: string;
  written: Record<string, string>;
  whole: object;
  least: object;
  /** Written otherwise where a switch is not given. */
  unswitched?: Record<string, string>;
}

/** Lines of usage, with what is written for each of their names, and what is asked for then: all of it, and the least. */
const USAGES: Usage[] = [
  {
    usage:
      'import [--cluster-id=<id>] [--snapshot-id] [--owner-type=<type>] [--] <owner-id> <instance-id> <snapshot> [<guest-location>]',
    written: {
      ...{ id: 'lab', type: 'team', 'owner-id': '-ada', 'instance-id': '--copy', snapshot: ID, 'guest-location': '-here' },
    },
    whole: {
      ...{ clusterId: 'lab', snapshotId: true, ownerType: 'team', ownerId: '-ada', instanceId: '--copy', snapshot: ID },
      guestLocation: '-here',
    },
    least: { ownerType: 'user', ownerId: '-ada', instanceId: '--copy', snapshot: ID },
    // What is no id is an archive: one that the gateway is to look for itself.
    unswitched: { snapshot: 'backups:daily/shop.tar' },
  },
  {
    usage: 'export [--destination=<where>] [--] <instance-id>',
    written: { where: 'backups:daily', 'instance-id': '--shop' },
    whole: { destination: 'backups:daily', instanceId: '--shop' },
    least: { instanceId: '--shop' },
  },
];

describe.each(USAGES)('$usage', ({ usage, written, whole, least, unswitched }) => {
  let gateway: SmallGateway;
  const bodies: unknown[] = [];
  beforeEach(async () => {
    bodies.length = 0;
    gateway = await SmallGateway.open((_url, _method, body) => {
      bodies.push(body);
      return { requestId: 'r', position: 'p' };
    });
  });
  afterEach(() => gateway.close());

  const [command, ...parts] = usage.match(/\[[^\]]*\]|\S+/g) as [string, ...string[]];
  const isOption = (part: string) => part.startsWith('[--') && part !== '[--]';
  const fill = (values: Record<string, string>) => (part: string) =>
    part.replaceAll(/^\[|\]$/g, '').replace(/<([a-z-]+)>/, (_, name: string) => values[name]!);
  const asked = async (words: string[]) => {
    const { code, stderr } = await ran(gateway.url, command, '--no-wait', ...words);
    return { code, stderr, calls: gateway.calls, body: bodies.at(-1) };
  };
  const taken = (body: object) => ({ code: 0, stderr: '', calls: [`POST /api/v1/ops/${command}`], body });

  it('takes all that it names, in this order', async () => {
    expect(await asked(parts.map(fill(written)))).toEqual(taken(whole));
  });

  it('takes each option in whichever order, its value as a word of its own too', async () => {
    const options = parts.filter(isOption).map(fill(written)).toReversed();
    const rest = parts.filter((part) => !isOption(part)).map(fill(written));
    expect(await asked([...options.flatMap((option) => option.split('=')), ...rest])).toEqual(taken(whole));
  });

  it('takes what stands in no brackets, and needs nothing else', async () => {
    const values = { ...written, ...unswitched };
    const needed = parts.filter((part) => !part.startsWith('[') || part === '[--]').map(fill(values));
    expect(await asked(needed)).toEqual(taken({ ...least, ...unswitched }));
    expect((await asked(needed.slice(0, -1))).stderr).toMatch(/^error: missing required argument/);
  });

  it('takes no argument more, and no name that begins with a dash without the bare --', async () => {
    const words = parts.map(fill(written));
    expect((await asked([...words, 'more'])).stderr).toMatch(/^error: too many arguments/);
    expect((await asked(words.filter((word) => word !== '--'))).stderr).toMatch(/^error: unknown option/);
    expect(gateway.calls).toEqual([]);
  });
});
