import { cpus, freemem, release, totalmem, uptime } from 'node:os';
import type { SlipwayClient } from '@slipway/client';
import { explain } from '../exit.js';

/** One file of a support bundle. */
export interface BundleFile {
  name: string;
  /** What it shows. */
  about: string;
  text: string;
}

/** What could not be read, and why: often what the bundle is made for. */
export interface Missing {
  name: string;
  reason: string;
}

/** The newest events that are taken along. */
const EVENTS = 1000;
/** The newest requests with trouble that are taken along. */
const REQUESTS = 50;
/** Of a step's log the end counts: so many characters. */
const LOG_END = 64 * 1024;
/** Requests that somebody may ask about; those that wait for a person first. */
const TROUBLE = [['attention'], ['failed', 'unsatisfied']];

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What the gateway is asked for; each by itself, so that one that fails leaves the others. */
const QUESTIONS: { name: string; about: string; ask(client: SlipwayClient): Promise<string> }[] = [
  {
    name: 'info.json',
    about: 'version, profile, log and configuration, as the gateway tells it',
    ask: async (client) => json(await client.info()),
  },
  { name: 'ready.json', about: 'what is ready, and why something is not', ask: async (client) => json(await client.ready()) },
  { name: 'metrics.txt', about: 'the figures of every process that answers', ask: (client) => client.metrics() },
  {
    name: 'views.json',
    about: 'where the read models stand, and which has stopped',
    ask: async (client) => json(await client.views.state()),
  },
  {
    name: 'events.json',
    about: `the newest events, at most ${EVENTS}, oldest first`,
    ask: async (client) => json(await client.newestEvents({}, EVENTS)),
  },
];

/** What this program runs on. Of environment variables the names that Slipway reads, not their values. */
export function environment(version: string, env = process.env): BundleFile {
  const { platform, arch, versions } = process;
  const machine = {
    platform,
    release: release(),
    arch,
    cpus: cpus().length,
    memory: totalmem(),
    free: freemem(),
    uptime: uptime(),
  };
  const variables = Object.keys(env).filter((name) => /^(SLIPWAY|NATS)_/.test(name));
  return {
    name: 'environment.json',
    about: 'version of the CLI, Node, the machine; the names of the environment variables that are set for Slipway',
    text: json({ version, node: versions.node, machine, variables: variables.toSorted(), at: new Date().toISOString() }),
  };
}

/** All that the gateway has to tell to somebody who is to help. Throws nothing: what can't be had is named. */
export async function collect(client: SlipwayClient): Promise<{ files: BundleFile[]; missing: Missing[] }> {
  const files: BundleFile[] = [];
  const missing: Missing[] = [];
  const add = async (name: string, about: string, ask: () => Promise<string>): Promise<void> => {
    try {
      const text = await ask();
      if (text) files.push({ name, about, text }); // A request that began no step has no logs.
    } catch (error) {
      missing.push({ name, reason: explain(error).text.replaceAll('\n', ' ') });
    }
  };
  for (const { name, about, ask } of QUESTIONS) await add(name, about, () => ask(client));
  let troubled: string[] = [];
  await add(
    'requests.json',
    `requests that need attention, then the newest that failed or are unsatisfied, at most ${REQUESTS}`,
    async () => {
      const pages = TROUBLE.map((status) => client.requests.list({ filter: { status }, limit: REQUESTS }));
      const items = (await Promise.all(pages)).flatMap((page) => page.items).slice(0, REQUESTS);
      troubled = items.map(({ id }) => id);
      return json(
        items.map(({ id, job, status, instanceId, acceptedAt, cause }) => ({ id, job, status, instanceId, acceptedAt, cause })),
      );
    },
  );
  for (const id of troubled) {
    await add(`requests/${id}.json`, 'its plan, steps, cause and what is left', async () => json(await client.requests.get(id)));
    await add(`requests/${id}.log`, `the ends of its steps' logs, at most ${LOG_END / 1024} KiB of each`, () =>
      logsEnds(client, id),
    );
  }
  return { files, missing };
}

/** Of each step the end of what it has logged, one after the other. */
async function logsEnds(client: SlipwayClient, id: string): Promise<string> {
  const ends: string[] = [];
  for (const step of (await client.requests.get(id)).steps) {
    const log = await client.requests.logs(id, step.id);
    ends.push(log.length > LOG_END ? `(the last ${LOG_END} characters of ${step.id})\n${log.slice(-LOG_END)}` : log);
  }
  return ends.join('\n');
}
