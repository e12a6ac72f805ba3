import type { JobKind, JsonObject, Plan, RequestContext } from '@slipway/contracts';
import { Drifts } from '../drift/drifts.js';
import { repairsOf } from '../drift/repairs.js';
import { whereIs } from '../environment/state.js';
import { environmentOf } from '../place.js';
import type { Ports } from '../ports.js';
import type { Planner } from './planner.js';
import { queryOf } from './planning.js';
import type { Processes } from './processes.js';
import { assertProvided } from './provided.js';

/** What a job would do if it were carried out now: what is shown, and what is held against what was shown. Changes nothing. */
export class Preview {
  constructor(
    private readonly ports: Ports,
    private readonly processes: Pick<Processes, 'environments' | 'sources'>,
    private readonly planner: Planner,
  ) {}

  /**
   * On its environment as it is now. Throws `bad-input`, `not-found`, `archive-invalid` (of an import), `driver-unknown`,
   * `not-portable`, `not-updatable`, `spec-invalid`, and what the resolver and the bus throw.
   */
  async plan(job: JobKind, body: JsonObject, context: RequestContext): Promise<Plan> {
    const environment = environmentOf(body);
    const instanceId = String(body['instanceId']);
    const { lane } = this.processes.environments.of(environment);
    await lane.refresh();
    const manifest = job === 'import' ? await this.processes.sources.manifestOf(body) : undefined;
    const where = job === 'update' || job === 'repair' ? whereIs(lane.state, instanceId) : undefined;
    const repairs = job === 'repair' ? await repairsOf(body, new Drifts(this.ports), lane.state) : undefined;
    const asked = { job, environment, instanceId, body, manifest, where, repairs, atLeast: lane.position };
    const plan = await this.planner.plan(queryOf(this.ports, asked), context);
    assertProvided(plan, this.ports);
    return plan;
  }
}
