import { parentPort, workerData } from 'node:worker_threads';
import { causeOf } from '@slipway/contracts';
import { restoreLog } from '@slipway/event-store/sqlite';

/** What the thread answers: the restored log, or why it can't be. */
export type RestoreLogAnswer = { restored: ReturnType<typeof restoreLog> } | { failed: ReturnType<typeof causeOf> };

const answer = (message: RestoreLogAnswer) => parentPort!.postMessage(message);
try {
  answer({ restored: restoreLog(workerData as Parameters<typeof restoreLog>[0]) });
} catch (error) {
  answer({ failed: causeOf(error) });
}
