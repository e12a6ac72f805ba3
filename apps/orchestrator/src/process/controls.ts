import { type ControlCommand, type RequestContext } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import { badInput } from '@slipway/mesh';
import type { Ports } from '../ports.js';
import { beginsAnew } from '../request/decide.js';
import type { Processes } from './processes.js';
import { noSuchRequest, type RequestProcess, type Told } from './request-process.js';
import { RequestStream } from './request-stream.js';

/**
 * What people do to a request that was accepted. Each throws `not-found`, `not-possible`, `bad-input` and the log's errors, and
 * answers when it is durable. Any replica can do it; the one that works on the request hears of it through the log.
 */
export class Controls {
  constructor(
    private readonly ports: Ports,
    private readonly processes: Processes,
  ) {}

  cancel(command: ControlCommand, context: RequestContext): Promise<Accepted> {
    return this.#do(command, context, { type: 'Cancel', actor: context.actor, ...because(command) });
  }

  pause(command: ControlCommand, context: RequestContext): Promise<Accepted> {
    return this.#do(command, context, { type: 'Pause', actor: context.actor, ...because(command) });
  }

  resume(command: ControlCommand, context: RequestContext): Promise<Accepted> {
    return this.#do(command, context, { type: 'Resume', actor: context.actor });
  }

  /** Goes on from what failed where it needs attention; begins anew where it has ended. `name-taken` when its name is. */
  retry(command: ControlCommand, context: RequestContext): Promise<Accepted> {
    const told: Told = { type: 'Retry', actor: context.actor, ...because(command) };
    return this.#do(command, context, told, (process) => this.#claimAgain(process, context));
  }

  abandon(command: ControlCommand, context: RequestContext): Promise<Accepted> {
    const { reason } = command;
    if (!reason) throw badInput([{ field: 'reason', reason: 'is needed: say why what is left may be left' }]);
    return this.#do(command, context, { type: 'Abandon', actor: context.actor, reason });
  }

  async #do(
    { requestId }: ControlCommand,
    context: RequestContext,
    told: Told,
    before: (process: RequestProcess) => Promise<void> = async () => {},
  ): Promise<Accepted> {
    const process = this.processes.get(requestId) ?? (await this.#visit(requestId));
    const { stream } = process;
    await process.command(told, stream.metadataFor(context), () => before(process));
    this.processes.attend(requestId, process.environment);
    return { requestId, position: stream.position! };
  }

  /** Of a request that is not worked on here: it has ended, or another replica does. */
  async #visit(requestId: string): Promise<RequestProcess> {
    if (!/^[0-9a-f-]{36}$/.test(requestId)) throw noSuchRequest(requestId);
    const stream = new RequestStream(requestId, this.ports);
    await stream.refresh();
    const { accepted } = stream.state;
    if (!accepted) throw noSuchRequest(requestId);
    const process = this.processes.visit(requestId, accepted.environment, stream);
    await process.close();
    return process;
  }

  /** What begins anew needs its name again. What its first run left open in the environment is closed before. */
  async #claimAgain(process: RequestProcess, context: RequestContext): Promise<void> {
    const { state } = process.stream;
    if (!beginsAnew(state)) return;
    await process.settleEnvironment();
    const { name, owner, job, environment } = state.accepted!;
    const claim = { type: 'Claim', requestId: process.id, name, owner, job, queue: this.ports.config.limits.queue } as const;
    await this.processes.claim(environment, claim, process.stream.metadataFor(context));
  }
}

const because = ({ reason }: ControlCommand): { reason?: string } => (reason === undefined ? {} : { reason });
