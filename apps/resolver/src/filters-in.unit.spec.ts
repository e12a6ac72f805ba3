import { expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { ContentPackage, SlipwayError, systemClock, type JsonObject } from '@slipway/contracts';
import { MemoryEventLog } from '@slipway/event-store/testing';
import { Catalogue } from '@slipway/solver';
import { plainToInstance } from 'class-transformer';
import { capabilityList } from './content/shown.js';
import { Environments } from './environment/environments.js';
import { InstanceStandings } from './environment/instance-standings.js';
import { Planning } from './planning.js';
import { packageRules } from './repository/rules.js';

const drivers = { storage: ['directory'], database: ['sqlite'], instance: ['process'] };
const place = { guestLocation: 'local', location: 'here', provisioner: 'slipway', drivers };
const job = { job: 'provision', environment: 'default', instanceId: 'shop', place } as const;
const catalogue = new Catalogue([{ name: 'pg', version: '1.0.0', type: 'database', capabilities: [{ namespace: 'db' }] }]);

const stack = { read: () => ({ package: { layer: 'default' } }) };

/** What each way in says of a requirement: a definition, a job (`--require`), a question (`filter=`). */
async function byEachWay(requirement: JsonObject & { namespace: string }): Promise<Record<string, string>> {
  const log = new MemoryEventLog().as('resolver');
  const planning = new Planning(
    { current: async () => ({ catalogue }) },
    new Environments({ store: log, blobs: new MemoryBlobs(), clock: systemClock }),
    new InstanceStandings(log),
    ['local'],
    systemClock,
  );
  const said = async (work: () => unknown) => {
    try {
      await work();
      return '';
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'bad-input') throw error;
      return error.message;
    }
  };
  const written = { name: 'p', version: '1.0.0', definitions: [{ name: 'a', version: '1.0.0', requirements: [requirement] }] };
  const errors = packageRules(plainToInstance(ContentPackage, written));
  const { filter } = requirement;
  return {
    definition: errors.map(({ field, reason }) => `${field}: ${reason}`).join('; '),
    job: await said(() => planning.plan({ ...job, requirements: [requirement] })),
    ...(typeof filter === 'string' && {
      question: await said(() => capabilityList(stack as never, catalogue, { filter })),
    }),
  };
}

test.each([
  ['nothing', '', /filter: character 1: is empty/],
  ['only space', '  \t', /filter: character 1: is empty/],
  ['an and of nothing', '(&)', /filter: character 3: expected a filter in parentheses/],
  ['a not of two', '(!(a=b)(c=d))', /filter: character 8: /],
  ['no end', '(&(a=b)', /filter: character 8: /],
  ['something behind it', '(a=b))', /filter: character 6: nothing may follow/],
  ['5,000 that are open', '(!'.repeat(5_000), /filter: character 10001: /],
  ['a name of nothing', '(=b)', /filter: character 2: /],
])('a filter of %s is refused by each way in, for the same reason', async (_what, filter, reason) => {
  const ways = await byEachWay({ namespace: 'db', filter });
  expect(Object.keys(ways)).toEqual(['definition', 'job', 'question']);
  for (const [way, said] of Object.entries(ways)) expect([way, said]).toEqual([way, expect.stringMatching(reason)]);
});

test.each([
  ['a range that is none', { namespace: 'db', range: 'one or two' }, /range: must be a semver range/],
  ['an attribute that is no value', { namespace: 'db', attributes: { a: { b: 1 } } }, /attributes\.a: must be/],
])('%s is refused of a definition and of a job, for the same reason', async (_what, requirement, reason) => {
  const ways = await byEachWay(requirement as unknown as JsonObject & { namespace: string });
  for (const [way, said] of Object.entries(ways)) expect([way, said]).toEqual([way, expect.stringMatching(reason)]);
});

test('a filter that is good is taken by each way in, however deep it is', async () => {
  const deep = `${'(!'.repeat(4_000)}(a=b)${')'.repeat(4_000)}`;
  expect(await byEachWay({ namespace: 'db', filter: '(|(engine=x)(!(engine=*)))' })).toMatchObject({ definition: '', job: '' });
  expect(await byEachWay({ namespace: 'db', filter: deep })).toMatchObject({ definition: '', job: '' });
});
