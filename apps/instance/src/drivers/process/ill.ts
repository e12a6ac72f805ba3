import type { DriverContext } from '@slipway/provisioner';
import { askedFor } from '../../health/health.js';
import { networkAt } from '../../place/network-there.js';
import type { InstanceRecord } from './record.js';
import type { SupervisorState } from './supervisor.js';

/** Why an instance is not healthy; `null` when it is. Rejects where its place cannot be asked. */
export async function ill(
  record: InstanceRecord,
  state: SupervisorState | null,
  context: Pick<DriverContext, 'machine' | 'filesystem'>,
): Promise<string | null> {
  if (state === null) return 'Its supervisor is starting';
  if (state.phase === 'failed') {
    return `It ended with exit code ${state.exit} and is not started again (${state.restarts} restarts so far)`;
  }
  if (state.phase !== 'running') {
    return `It ended with exit code ${state.exit} and is started again after ${state.delayMs} ms (${state.restarts} restarts so far)`;
  }
  const network = networkAt(context);
  // Another program may have taken the port before the app came to it, and would answer in its name.
  const listener = await network.listener(record.port);
  if (listener !== null && record.uid !== null && listener !== record.uid) {
    return `Port ${record.port} is taken by a program of user ${listener}, not by this instance (user ${record.uid})`;
  }
  const reason = await network.check(record.port, ...askedFor(record));
  if (reason === null || state.exit === undefined) return reason;
  return `${reason}; its last run ended with exit code ${state.exit} (${state.restarts} restarts so far)`;
}
