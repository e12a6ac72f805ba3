import { setTimeout as sleep } from 'node:timers/promises';
import type { SlipwayClient } from '@slipway/client';
import { ENDED } from '@slipway/contracts';
import { REQUEST_STATUSES, type RequestView, type ResourceView } from '@slipway/contracts/http';

/** Who owns the sample service, and its name. */
const OWNER = 'you';
const NAME = 'guestbook';

/** What the sample needs of the outside. */
export interface SampleOptions {
  client: SlipwayClient;
  definition: string;
  say(line: string): void;
  /** Milliseconds that the service itself may take to answer once it is provisioned. */
  answerWithinMs?: number;
}

/** Why there is no sample service, and the commands of the CLI that show more. */
export class SampleTrouble extends Error {
  constructor(
    message: string,
    readonly look: string[][],
  ) {
    super(message);
  }
}

/**
 * Provisions the sample service unless it exists, or a request for it is under way already, and waits until it answers over
 * HTTP.
 * @returns its URL; throws {@link SampleTrouble}, also when the request waits for a person
 */
export async function ensureSample({ client, definition, say, answerWithinMs = 60_000 }: SampleOptions): Promise<string> {
  const existing = await findInstance(client);
  const instance = existing ?? (await resume(client, say)) ?? (await provision(client, definition, say));
  const url = String(instance.outputs.url);
  if (existing) say(`The sample service ${NAME} is there already; nothing to provision.`);
  await answers(url, answerWithinMs);
  return url;
}

async function findInstance(client: SlipwayClient): Promise<ResourceView | null> {
  const { items } = await client.instances.list({ filter: { environment: 'default', name: NAME, status: 'present' } });
  return items[0] ?? null;
}

/** What an earlier start has asked for and did not see the end of; `null` when there is nothing, or it was taking it away. */
async function resume(client: SlipwayClient, say: (line: string) => void): Promise<ResourceView | null> {
  const status = REQUEST_STATUSES.filter((one) => !ENDED.includes(one));
  const { items } = await client.requests.list({ filter: { environment: 'default', instanceId: NAME, status } });
  const request = items[0];
  if (!request) return null;
  say(
    `A request to ${request.job} the sample service ${NAME} is under way (${request.id}, ${request.status}); waiting for it ...`,
  );
  const ended = await untilEnded(client, request.id, say);
  return request.job === 'provision' ? made(client, ended) : null;
}

async function provision(client: SlipwayClient, definition: string, say: (line: string) => void): Promise<ResourceView> {
  say(`Provisioning the sample service ${NAME} (${definition}) ...`);
  const { requestId } = await client.provision({ ownerId: OWNER, instanceId: NAME, definition });
  return made(client, await untilEnded(client, requestId, say));
}

/** The request at its end. Throws when it does not go on without a person. */
async function untilEnded(client: SlipwayClient, requestId: string, say: (line: string) => void): Promise<RequestView> {
  const told = new Set<string>();
  const halted = new AbortController();
  const request = await client.wait(requestId, {
    signal: halted.signal,
    onUpdate: (now) => {
      for (const line of progress(now).filter((one) => !told.has(one))) {
        told.add(line);
        say(line);
      }
      const trouble = haltedBy(now);
      if (trouble) halted.abort(trouble);
    },
  });
  const trouble = haltedBy(request);
  if (trouble) throw trouble;
  return request;
}

const progress = ({ waiting, steps }: RequestView): string[] => [
  ...(waiting ? [`  waiting  ${waiting.reason}`] : []),
  ...steps.flatMap((step) => {
    if (step.status === 'succeeded') return [`  done     ${step.id}`];
    return step.cause ? [`  trouble  ${step.id}: ${step.cause.message}`] : [];
  }),
];

/** What only a person lets go on. */
function haltedBy(request: RequestView): SampleTrouble | null {
  const { id, status, waiting, environment, cause } = request;
  const shown = ['requests', id];
  if (status === 'attention') {
    const why = cause ? `: ${cause.message}. ${cause.hint}` : '.';
    return new SampleTrouble(`The request for the sample service needs attention${why}`, [shown, ['logs', id], ['retry', id]]);
  }
  if (status === 'paused') return new SampleTrouble('The request for the sample service is paused.', [shown, ['resume', id]]);
  if (waiting?.code === 'dispatch-paused') {
    return new SampleTrouble(`The sample service has to wait: ${waiting.reason}.`, [
      shown,
      ['environments', 'resume', environment],
    ]);
  }
  return null;
}

async function made(client: SlipwayClient, request: RequestView): Promise<ResourceView> {
  const { id, status, cause } = request;
  const look = [
    ['requests', id],
    ['logs', id],
  ];
  if (status !== 'succeeded') {
    const why = cause ? `${cause.message}. ${cause.hint}` : `its request is ${status}.`;
    throw new SampleTrouble(`The sample service could not be provisioned: ${why}`, look);
  }
  const instance = await findInstance(client);
  if (!instance) throw new SampleTrouble(`The request ${id} succeeded, but no instance ${NAME} is there.`, look);
  return instance;
}

async function answers(url: string, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  for (let last = 'no answer'; ; await sleep(100)) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (response.ok) return;
      last = `HTTP ${response.status}`;
    } catch (error) {
      last = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    }
    if (Date.now() > until)
      throw new SampleTrouble(`The sample service does not answer at ${url} (${last}).`, [['instances', NAME]]);
  }
}
