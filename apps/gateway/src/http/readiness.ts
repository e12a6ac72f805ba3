import { Inject, Injectable } from '@nestjs/common';
import { RESOURCE_KINDS, VERBS, causeOf, systemClock, type HealthReport, type ServiceName } from '@slipway/contracts';
import type { Readiness } from '@slipway/contracts/http';
import { BUS, CONFIG, systemContext, type Bus, type MeshConfig, type Presence } from '@slipway/mesh';
import type { LiveTail } from '../live/tail.js';
import type { Views } from '../views/port.js';
import { LogReader } from './log-reader.js';
import { provisionerViews } from './provisioner-views.js';
import { PRESENCE, TAIL, VIEWS } from './tokens.js';

type Check = Readiness['checks'][number];
/** One may be ready and still have something to say. */
type Finding = Omit<Check, 'name'>;

/** Who can be asked: all but the door itself. */
type Asked = Exclude<ServiceName, 'gateway'>;

/** How long any one of the checks may take, in ms. */
const CHECK_MS = 800;

/** Whether the mesh can do its work, asked part by part. */
@Injectable()
export class ReadinessChecks {
  constructor(
    @Inject(CONFIG) private readonly config: MeshConfig,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(VIEWS) private readonly views: Views,
    @Inject(TAIL) private readonly tail: LiveTail,
    @Inject(PRESENCE) private readonly presence: Presence,
  ) {}

  /** All checks at once, within a second. */
  async run(): Promise<Readiness> {
    const checks = await Promise.all([
      check('log', () => this.#log()),
      check('nats', () => (this.bus.connected() ? READY : notReady('There is no connection to NATS'))),
      check('views', () => this.#views()),
      ...this.#services().map(({ name, service, location }) => check(name, () => this.#service(service, location))),
    ]);
    // What their services announce is known only when they have answered.
    const provisioners = provisionerViews(this.config, this.presence).map(({ name, absent }): Check => {
      return { name: `provisioner ${name}`, ...(absent.length > 0 ? notReady(absent.join('; ')) : READY) };
    });
    checks.push(...provisioners);
    return { ready: checks.every(({ ready }) => ready), checks };
  }

  /** Who must be there: what plans, what decides, and at each place in the configuration what makes. */
  #services(): { name: string; service: Asked; location?: string }[] {
    const places = new Set(Object.values(this.config.guestLocations).map(({ location }) => location));
    return [
      { name: 'orchestrator', service: 'orchestrator' },
      { name: 'resolver', service: 'resolver' },
      { name: 'allocator', service: 'allocator' },
      ...(Object.keys(this.config.handlers).length > 0 ? [{ name: 'handlers', service: 'handlers' } as const] : []),
      ...[...places].flatMap((location) =>
        RESOURCE_KINDS.map((kind) => ({ name: `${kind} at ${location}`, service: kind, location })),
      ),
    ];
  }

  async #log(): Promise<Finding> {
    await this.log.head();
    return this.tail.failure ? notReady(this.tail.failure.message) : READY;
  }

  async #views(): Promise<Finding> {
    const stopped = this.views.stopped();
    if (stopped.length > 0) return notReady(stopped.map(({ view, reason }) => `${view} has stopped: ${reason}`).join('; '));
    const head = await this.log.head();
    const building = this.views.building();
    const progress = building.map(
      ({ view, live, position }) =>
        `${view} is being built${live ? ' anew' : ' for the first time'}: it stands at ${position}, the log at ${head}`,
    );
    if (building.some(({ live }) => !live)) return notReady(progress.join('; '));
    if (!(await this.views.reached(head, CHECK_MS / 2)))
      return notReady(`They stand at ${this.views.position()}, the log at ${head}`);
    return { ready: true, ...(progress.length > 0 && { reason: progress.join('; ') }) };
  }

  async #service(service: Asked, location: string | undefined): Promise<Finding> {
    const report = await this.bus.request<HealthReport>(
      service,
      VERBS.health,
      {},
      {
        context: systemContext('gateway'),
        timeoutMs: CHECK_MS,
        ...(location !== undefined && { location }),
      },
    );
    this.presence.hear(report);
    const { ready, reasons } = report;
    const reason = reasons.join('; ');
    if (!ready) return notReady(reason || 'It says that it is not ready');
    return { ready, ...(reason && { reason }) };
  }
}

const READY: Finding = { ready: true };
const notReady = (reason: string): Finding => ({ ready: false, reason });

/** A check that throws, or takes too long, is not passed, and says why. */
async function check(name: string, run: () => Promise<Finding> | Finding): Promise<Check> {
  let cancel = () => {};
  const late = new Promise<Finding>((resolve) => {
    cancel = systemClock.after(CHECK_MS, () => resolve(notReady(`No answer within ${CHECK_MS} ms`)));
  });
  try {
    return { name, ...(await Promise.race([run(), late])) };
  } catch (error) {
    return { name, ...notReady(causeOf(error).message) };
  } finally {
    cancel();
  }
}
