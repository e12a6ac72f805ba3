/**
 * A small process that starts programs for a large one: what starting costs (fork(2) copies the page tables) grows with the
 * memory of who does it, and holds up all else that he does. It ends, and ends what it runs, when the one it works for does.
 */
import { SlipwayError, causeOf } from '@slipway/contracts/public';
import { MINIMAL_ENV, localCommand, run } from '../local-command.js';
import { MARK } from './leftovers.js';
import type { Asked, Told } from './messages.js';

const command = localCommand();
const running = new Map<number, AbortController>();
/** Who waits until lines were taken, by call and output. */
const waiting = new Map<string, () => void>();
const tell = (told: Told): void => {
  if (process.connected) process.send!(told, () => {});
};

async function exec({ id, command: line, options, mark, lines }: Extract<Asked, { do: 'exec' }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const onLines = (said: readonly string[], from: 'stdout' | 'stderr') =>
      new Promise<void>((resolve) => {
        waiting.set(`${id} ${from}`, resolve);
        tell({ id, lines: said, from });
        controller.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    const env = { ...(options.env ?? MINIMAL_ENV), [MARK]: mark };
    const onBegun = (pid: number) => tell({ id, begun: pid });
    const result = await run(line, { ...options, env, signal: controller.signal, ...(lines && { onLines }) }, onBegun);
    tell({ id, result });
  } catch (error) {
    tell({ id, failed: causeOf(error) });
  } finally {
    running.delete(id);
    for (const from of ['stdout', 'stderr'] as const) waiting.delete(`${id} ${from}`);
  }
}

process.on('message', (asked: Asked) => {
  if (asked.do === 'exec') void exec(asked);
  else if (asked.do === 'more') waiting.get(`${asked.id} ${asked.from}`)?.();
  else if (asked.do === 'abort') running.get(asked.id)?.abort(SlipwayError.from(asked.cause));
  else {
    const { id, command: line, options } = asked;
    command.spawnDetached(line, options).then(
      (pid) => tell({ id, pid }),
      (error: unknown) => tell({ id, failed: causeOf(error) }),
    );
  }
});
process.on('disconnect', () => {
  for (const controller of running.values()) controller.abort();
  process.exit();
});
// What ends is decided by the one it works for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
