/**
 * One driver call in a process of its own, for the parts of the contract that need one: it ends or stops itself right before
 * its n-th effect, or is killed from outside. Told by one message of its parent, answered by one or two.
 */
import { causeOf, type Cause, type Part } from '@slipway/contracts';
import type { Driver, DriverContext } from '../driver.js';
import { dataOf } from '../step/data.js';
import { ContractPlace } from './contract-place.js';
import { callDriver, type CallResult, type DriverCall } from './driver-call.js';
import { withEffects, withPieces } from './effects.js';

export interface ChildTask extends DriverCall {
  /** URL of the built module, and the name of its export that makes the driver. */
  module: string;
  make: string;
  /** Of the {@link ContractPlace}. */
  folder: string;
  /** What an ensure begins with: a blob of the place. */
  from?: Part;
  /** Sends itself this signal right before this effect (from 1). */
  at?: { effect: number; signal: 'SIGKILL' | 'SIGSTOP' };
}

export type ChildAnswer =
  | { type: 'began' }
  | { type: 'at'; effect: string }
  | { type: 'done'; effects: number; result: CallResult }
  | { type: 'failed'; effects: number; cause: Cause };

const tell = (answer: ChildAnswer): Promise<void> => new Promise((resolve) => void process.send!(answer, () => resolve()));

async function run({ module, make, folder, from, at, ...call }: ChildTask): Promise<void> {
  const made = (await import(module)) as Record<string, () => Driver>;
  const driver = made[make]!();
  let effects = 0;
  // The clock's timers do not keep a process alive: a driver that only waits must not end with its process.
  const awake = setInterval(() => {}, 60_000);
  const before = async (name: string) => {
    effects += 1;
    if (effects !== at?.effect) return;
    await tell({ type: 'at', effect: name });
    process.kill(process.pid, at.signal);
  };
  const place = ContractPlace.at(folder);
  const context: DriverContext = withEffects(await place.context(), before);
  if (from) context.from = withPieces(dataOf(from, context), before, context.filesystem);
  await tell({ type: 'began' });
  try {
    const result = await callDriver(driver, call, context);
    await tell({ type: 'done', effects, result });
  } catch (error) {
    await tell({ type: 'failed', effects, cause: causeOf(error) });
  }
  clearInterval(awake);
  await place.close();
  process.disconnect();
}

process.once('message', (task) => void run(task as ChildTask));
