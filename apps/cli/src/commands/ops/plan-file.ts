import { open } from 'node:fs/promises';
import type { SlipwayClient } from '@slipway/client';
import { JOBS, hashOf, hashOfPlan, type JobKind, type JsonObject, type Plan } from '@slipway/contracts';
import type { PlanJob } from '@slipway/contracts/http';
import { UsageError } from '../../exit.js';
import { requireFree, writeNew, type ForceFlags } from '../../output/new-file.js';

const FORMAT = 'slipway-plan/1';
/** Bytes of a file that is read. */
const LARGEST = 64 * 1024 * 1024;

/** A plan that was kept, with the job that it is of: what `slipway plan --out` writes and `slipway apply` carries out. */
export interface PlanFile {
  format: typeof FORMAT;
  /** The mesh that made it, for a person. */
  mesh: string;
  /** The event log that it rests on, and up to where. */
  log: string;
  position: string;
  /** ISO 8601, in UTC. */
  madeAt: string;
  job: JobKind;
  /** Body of `POST /ops/<job>`. */
  body: JsonObject;
  plan: Plan;
  /** Hash of all of the above: it tells a file that was changed by hand, and keeps nobody from anything. */
  hash: string;
}

/** What a plan may be asked with and only a job that makes an instance takes. */
const OF_MAKING = ['ownerId', 'ownerType', 'guestLocation', 'provisioner', 'requirements', 'keepOnFailure', 'until'];
/** Fields that a kind of job does not take. */
const TAKES_NOT: Readonly<Record<JobKind, readonly string[]>> = {
  provision: [],
  import: [],
  update: OF_MAKING,
  deprovision: [...OF_MAKING, 'definition', 'offerings'],
  export: [...OF_MAKING, 'definition', 'offerings'],
  repair: [...OF_MAKING, 'definition', 'offerings'],
};

/** Keeps a plan in a new file, which only its owner may read. Throws a `UsageError` where something is there already. */
export async function writePlan(
  client: SlipwayClient,
  { path, force = false }: { path: string } & ForceFlags,
  { job = 'provision', ...asked }: PlanJob,
  plan: Plan,
): Promise<void> {
  await requireFree(path, { force });
  const { mesh, eventLog } = await client.info();
  const body = Object.fromEntries(Object.entries(asked).filter(([field]) => !TAKES_NOT[job].includes(field))) as JsonObject;
  const { logId: log, position } = eventLog;
  const whole = { format: FORMAT, mesh, log, position, madeAt: new Date().toISOString(), job, body, plan } as const;
  const text = `${JSON.stringify({ ...whole, hash: hashOf(whole) } satisfies PlanFile, null, 2)}\n`;
  await writeNew(path, oneOf(Buffer.from(text)));
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A plan that was kept, as it was written. Throws a `UsageError` that names the file, the field and what is wrong. */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const value = await readObject(path);
  const refuse = (field: string, reason: string) => new UsageError(`${path}: ${field}: ${reason}`);
  if (value['format'] !== FORMAT) throw refuse('format', `must be ${FORMAT}; npx slipway plan --out writes such a file`);
  if (!JOBS.some((job) => job === value['job'])) throw refuse('job', `must be one of ${JOBS.join(', ')}`);
  for (const field of ['body', 'plan']) if (!isObject(value[field])) throw refuse(field, 'must be an object');
  assertWhole(value['plan'] as JsonObject, (reason) => refuse('plan', reason));
  const { hash, ...rest } = value;
  if (hash !== hashOf(rest)) throw refuse('hash', `is not that of what stands in the file; ${MADE_ANEW}`);
  return value as unknown as PlanFile;
}

/** The plan in a file: one that was kept, or one that was printed with `-o json`. Throws as {@link readPlanFile}. */
export async function readPlan(path: string): Promise<{ plan: Plan; file?: PlanFile }> {
  const value = await readObject(path);
  if (value['format'] !== undefined) {
    const file = await readPlanFile(path);
    return { plan: file.plan, file };
  }
  assertWhole(value, (reason) => new UsageError(`${path}: ${reason}`));
  return { plan: value as unknown as Plan };
}

/** What was asked for, to be asked again. */
export const planJobOf = ({ job, body }: PlanFile): PlanJob => ({ ...body, job }) as unknown as PlanJob;

const MADE_ANEW = 'it was changed by hand: make the plan anew';

function assertWhole(plan: JsonObject, refuse: (reason: string) => UsageError): void {
  const { hash } = plan;
  if (typeof hash !== 'string' || !Array.isArray(plan['steps'])) throw refuse('is no plan: it has no hash and no steps');
  if (hash !== hashOfPlan(plan as unknown as Plan)) throw refuse(`its hash is not that of the plan; ${MADE_ANEW}`);
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

async function readObject(path: string): Promise<JsonObject> {
  const text = await readWithin(path);
  try {
    const value = JSON.parse(text) as unknown;
    if (isObject(value)) return value;
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`${path} is no plan: it holds no object.`);
}

async function readWithin(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > LARGEST) throw new UsageError(`${path} has ${size} bytes; a plan has at most ${LARGEST}.`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}
