import { randomBytes } from 'node:crypto';
import { jsonEvent } from '@kurrent/kurrentdb-client';
import { systemClock, type Clock } from '@slipway/contracts';
import { Lineage, nextEpoch, type Epoch } from '../position.js';
import { OURS, type Client } from './client.js';
import { isNoStream, isWrongRevision } from './failure.js';

/** Where the log says who it is: `LogBegun {logId}`, then `EpochBegun {epoch, after}` for each restore. */
const STREAM = 'slipway-log';

/** Who the log on a server is; makes it when there is none. Several processes that come first at once agree on one. */
export async function identify(client: Client): Promise<Lineage> {
  for (;;) {
    const lineage = await readLineage(client);
    if (lineage) return lineage;
    const begun = jsonEvent({ type: 'LogBegun', data: { logId: randomBytes(6).toString('hex') } });
    try {
      await client.appendToStream(STREAM, begun, { streamState: 'no_stream' });
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
    }
  }
}

async function readLineage(client: Client): Promise<Lineage | null> {
  let logId: string | undefined;
  const epochs: Epoch[] = [{ epoch: 1, after: 0n }];
  try {
    for await (const { event } of client.readStream(STREAM)) {
      const data = event!.data as { logId?: string; epoch?: number; after?: string };
      if (event!.type === 'LogBegun') logId = data.logId;
      else epochs.push({ epoch: data.epoch!, after: BigInt(data.after!) });
    }
  } catch (error) {
    if (!isNoStream(error)) throw error;
  }
  return logId ? new Lineage(logId, epochs) : null;
}

/** Position of the newest event of ours; 0 when there is none. */
export async function headOf(client: Client): Promise<bigint> {
  for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1, filter: OURS }))
    return event!.position.commit;
  return 0n;
}

/**
 * To be called once after a server's own backup was restored, before anything appends: begins a new epoch, so that positions which were
 * given after that backup are `gone`. Returns it.
 */
export async function beginEpoch(client: Client, clock: Clock = systemClock): Promise<number> {
  const { epoch: previous } = await identify(client);
  const epoch = nextEpoch(previous, clock.now());
  const after = String(await headOf(client));
  await client.appendToStream(STREAM, jsonEvent({ type: 'EpochBegun', data: { epoch, after } }), {
    streamState: 'stream_exists',
  });
  return epoch;
}
