import { Worker } from 'node:worker_threads';
import { SlipwayError } from '@slipway/contracts';
import type { AuditAnswer, AuditTask } from './audit-thread.js';
import { builtFile } from './built-file.js';

/** One look through a log in a thread of its own. `done` rejects with what it found, or resolves with the number of events. */
export function audit(task: AuditTask): { done: Promise<number>; cancel(): Promise<void> } {
  const worker = new Worker(builtFile(import.meta.url, 'audit-thread.js'), { workerData: task });
  // Nobody waits for a look that rests: it does not keep the process alive either.
  if (task.restMs > 0) worker.unref();
  const done = new Promise<number>((resolve, reject) => {
    worker.once('message', (answer: AuditAnswer) => {
      if ('cause' in answer) reject(SlipwayError.from(answer.cause));
      else resolve(answer.events);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new SlipwayError('log-unavailable', 'The look through the log was ended')));
  });
  return { done, cancel: async () => void (await worker.terminate()) };
}
