import { parentPort, workerData } from 'node:worker_threads';
import { causeOf, type Cause } from '@slipway/contracts';
import { openEventLog } from '../open.js';
import type { Answer, Call, Registry, WorkerSettings } from './in-worker.js';
import { copyFile } from './file.js';
import { Projector } from './projector.js';

/** The projector in a thread of its own: it opens the log by itself, and tells the main thread of each commit. */
const port = parentPort!;
const { registry, file, keepHistory, log: settings, elsewhere } = workerData as WorkerSettings;
const { projections, upcasters, wholeFrom } = (await import(registry)) as Registry;
const log = await openEventLog({ ...settings, ...(upcasters && { upcasters }) });
const projector = new Projector({
  file,
  projections,
  log: log.as(null),
  ...(keepHistory !== undefined && { keepHistory }),
  ...(elsewhere !== undefined && wholeFrom && { whole: await wholeFrom(elsewhere) }),
  changed: (state) => port.postMessage({ state }),
});

async function carryOut(call: Call): Promise<void> {
  if (call.do === 'skip') return projector.skip(call.view, call.event);
  if (call.do === 'snapshot') return copyFile(file, call.file);
  await projector.close();
  await log.close();
}

async function answer(call: Call): Promise<void> {
  let error: Cause | undefined;
  try {
    await carryOut(call);
  } catch (failure) {
    error = causeOf(failure);
  }
  port.postMessage({ call: call.call, ...(error && { error }) } satisfies Answer);
  if (call.do === 'close') port.close();
}

port.on('message', (call: Call) => void answer(call));
await projector.start();
