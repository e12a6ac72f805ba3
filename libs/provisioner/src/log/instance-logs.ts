import { SlipwayError, type InstanceLogPart, type InstanceLogQuery } from '@slipway/contracts';
import type { LogPart } from '../driver.js';
import { placeOf } from '../lifecycle/resource.js';
import type { ResourceStreams } from '../lifecycle/stream.js';
import { driverAt } from '../place/driver-at.js';
import { sleep, type Ports } from '../ports.js';
import { driverContext } from '../step/driver-context.js';

/** How often it is looked for something new while the answer is held, in ms. */
const LOOK_EVERY = 100;

/** More lines than any log has. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * What instances themselves have written, part by part. Nothing is remembered here: who reads says where to go on, so that any
 * replica of the place can answer, and nothing is left when a reader goes away.
 */
export class InstanceLogs {
  constructor(
    private readonly ports: Ports,
    private readonly streams: ResourceStreams,
  ) {}

  /** Throws `not-found`, `not-possible` where the driver keeps no log, `wrong-location`. */
  async read({ resource, after, tail = ALL, waitMs = 0 }: InstanceLogQuery): Promise<InstanceLogPart> {
    const { state } = await this.streams.load(resource);
    // Also of what does not become healthy: then it is wanted most.
    const newest = state.running?.action === 'ensure' ? state.running : state.present;
    const name = `${resource.kind} ${resource.environment}.${resource.name}`;
    if (!newest) throw new SlipwayError('not-found', `There is no ${name}`);
    const { generation, location, driver: driverName } = newest;
    const driver = driverAt(this.ports, resource, location, driverName);
    if (!driver.readLog) throw new SlipwayError('not-possible', `The driver ${driverName} keeps no log of ${name}`);
    const context = await driverContext(this.ports, placeOf(state, newest), new AbortController().signal);
    const target = { resource, generation, epoch: state.epoch };
    const [, of, at] = /^(\d+)\.(.*)$/s.exec(after ?? '') ?? [];
    // What was made anew begins a log of its own.
    const from = after === undefined ? { tail } : Number(of) === generation ? { after: at! } : { tail: ALL };
    const until = this.ports.clock.now() + waitMs;
    for (;;) {
      const part = await driver.readLog(target, from, context);
      const nothingYet = part.content.length === 0 && !part.more && 'after' in from && from.after === part.after;
      if (!nothingYet || this.ports.clock.now() >= until) return asMessage(generation, part);
      await sleep(this.ports.clock, LOOK_EVERY);
    }
  }
}

const asMessage = (generation: number, { content, after, more, gap }: LogPart): InstanceLogPart => ({
  data: Buffer.from(content).toString('base64'),
  after: `${generation}.${after}`,
  more,
  ...(gap && { gap }),
});
