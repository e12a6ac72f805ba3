/**
 * One process of the mesh: hosts any set of the services. `node host/main.js gateway,orchestrator,…`
 * Under a supervisor it speaks over the channel; alone (in a container) it obeys signals and its exit code.
 */
import { SERVICES, causeOf, type ServiceName } from '@slipway/contracts';
import { hostServices, loadConfig, openMesh } from '@slipway/mesh';
import type { ChildMessage, SupervisorMessage } from '../supervisor/child.js';
import { loadServices } from './services.js';

/** EX_SOFTWARE of sysexits.h: a failure of our own, so that a supervisor starts it again. */
const OWN_FAILURE = 70;

const tell = (message: ChildMessage) => process.send?.(message);
const names = (process.argv[2] ?? SERVICES.join(',')).split(',') as ServiceName[];

async function main(): Promise<void> {
  const config = loadConfig({ env: process.env });
  const mesh = await openMesh(config, { requestRestart: (reason) => tell({ type: 'restart', reason }) });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => {
      mesh.logger.fatal({ err: error }, 'a failure of our own');
      process.exit(OWN_FAILURE);
    });
  }
  const hosted = await hostServices(mesh, await loadServices(names));

  let ending = false;
  const stop = async (instances: 'stop' | 'leave') => {
    if (ending) return;
    ending = true;
    await hosted.stop({ instances });
    await mesh.close();
    process.exit(0);
  };
  // Rolling restarts and containers: what runs for users goes on. Only the supervisor's word stops instances too.
  process.on('SIGTERM', () => void stop('leave'));
  process.on('SIGINT', () => void stop('leave'));
  process.on('message', (message: SupervisorMessage) => void (message.type === 'stop' && stop(message.instances)));
  process.on('disconnect', () => void stop('leave'));
  tell({ type: 'ready', ...(hosted.url !== undefined && { url: hosted.url }) });
}

main().catch((error: unknown) => {
  const cause = causeOf(error);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  tell({ type: 'failed', message: `${cause.message} ${cause.hint}` });
  process.exitCode = 1;
  process.disconnect?.();
  setTimeout(() => process.exit(1), 100);
});
