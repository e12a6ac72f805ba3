import { setTimeout as sleep } from 'node:timers/promises';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView, ResourceView, StepView } from '@slipway/contracts/http';

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

/**
 * Provisions the sample service unless it exists, and waits until it answers over HTTP.
 * @returns its URL; throws an error that explains what failed and how to see more
 */
export async function ensureSample({ client, definition, say, answerWithinMs = 60_000 }: SampleOptions): Promise<string> {
  const existing = await findInstance(client);
  const instance = existing ?? (await provision(client, definition, say));
  const url = String(instance.outputs.url);
  if (existing) say(`The sample service ${NAME} is there already; nothing to provision.`);
  await answers(url, answerWithinMs);
  return url;
}

async function findInstance(client: SlipwayClient): Promise<ResourceView | null> {
  const { items } = await client.instances.list({ filter: { environment: 'default', name: NAME, status: 'present' } });
  return items[0] ?? null;
}

async function provision(client: SlipwayClient, definition: string, say: (line: string) => void): Promise<ResourceView> {
  say(`Provisioning the sample service ${NAME} (${definition}) ...`);
  const { requestId } = await client.provision({ ownerId: OWNER, instanceId: NAME, definition });
  const told = new Set<string>();
  const request = await client.wait(requestId, { onUpdate: (now) => now.steps.forEach((step) => tell(step, told, say)) });
  if (request.status !== 'succeeded') throw new Error(explain(request));
  const instance = await findInstance(client);
  if (!instance) throw new Error(`The request ${requestId} succeeded, but no instance ${NAME} is there; see npx slipway events.`);
  return instance;
}

function tell(step: StepView, told: Set<string>, say: (line: string) => void): void {
  const line =
    step.status === 'succeeded' ? `  done     ${step.id}` : step.cause ? `  trouble  ${step.id}: ${step.cause.message}` : null;
  if (line === null || told.has(line)) return;
  told.add(line);
  say(line);
}

function explain(request: RequestView): string {
  const why = request.cause ? `${request.cause.message}. ${request.cause.hint}` : `it is ${request.status}`;
  return `The sample service could not be provisioned: ${why}\nSee: npx slipway requests ${request.id}, npx slipway logs ${request.id}`;
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
      throw new Error(`The sample service does not answer at ${url} (${last}); see npx slipway instances ${NAME}.`);
  }
}
