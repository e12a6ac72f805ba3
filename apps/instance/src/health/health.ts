import { join } from 'node:path';
import { SlipwayError, type HealthCheck, type InstanceSpec } from '@slipway/contracts';
import { until, type DriverContext, type GenerationFolder } from '@slipway/provisioner';
import { assertStands } from '../furnishing/making.js';
import type { Decided } from '../furnishing/record.js';

const START_SECONDS = 30;
const TIMEOUT_SECONDS = 5;
const OBSERVE_SECONDS = 5;
/** How much of what it has written last goes into an error, in characters. */
const TAIL = 2_000;

/** File in an instance's folder that says that the first health check has passed: the instance is made. */
export const HEALTHY_ONCE = 'healthy';

/** How it is, as somebody saw it. */
export interface Look {
  /** Why it is not healthy; `null` when it is. */
  ill: string | null;
  /** It will not be healthy any more, however long one waits. */
  failed: boolean;
}

/** How long it may take to become healthy. */
export const startMs = ({ health }: { health: HealthCheck | null }): number => (health?.startSeconds ?? START_SECONDS) * 1000;

/** What is asked for at its port, and how long it may take; without a path a connection is enough. */
export const askedFor = ({ health }: { health: HealthCheck | null }): [path: string | undefined, timeoutMs: number] => [
  health ? (health.path ?? '/') : undefined,
  (health?.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000,
];

/** Between two looks, in seconds. */
export const observeEvery = ({ health }: InstanceSpec): number => health?.intervalSeconds ?? OBSERVE_SECONDS;

/** Whether it has ever been. */
export const wasHealthy = async ({ path }: GenerationFolder, { filesystem }: DriverContext): Promise<boolean> =>
  (await filesystem.stat(join(path, HEALTHY_ONCE))) !== null;

/**
 * Waits until what was started is healthy, and says in its folder that it was. Throws `health-failed` with the end of its log,
 * `generation-old` when it is given back meanwhile.
 */
export async function becomeHealthy(
  folder: GenerationFolder,
  record: Decided,
  context: DriverContext,
  { look, log }: { look: () => Promise<Look>; log: () => Promise<string> },
): Promise<void> {
  let last: Look = { ill: null, failed: false };
  await until(context, startMs(record), async () => {
    await assertStands(folder);
    const now = await look();
    if (now.ill !== last.ill) context.progress(undefined, now.ill ?? `It answers on port ${record.port}`);
    last = now;
    return now.ill === null || now.failed;
  });
  const { ill, failed } = last;
  if (ill !== null) {
    const said = (await log()).slice(-TAIL).trim();
    const message = `${failed ? 'Not healthy' : `Not healthy within ${startMs(record) / 1000} s`}: ${ill}${said ? `. The end of its log: ${said}` : ''}`;
    throw new SlipwayError('health-failed', message, { reason: ill, log: said });
  }
  await context.filesystem.writeFile(join(folder.path, HEALTHY_ONCE), '', { mode: 0o600 });
}
