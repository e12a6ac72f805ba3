import type { BlueprintContext } from '../../blueprint/blueprint.js';

/** In ms: EC2 does not change quicker, and answers only so often. */
const FIRST = 200;
const LONGEST = 5_000;

/**
 * One turn for each look at something that changes elsewhere, with growing pauses in between, until so many ms have passed: the last one comes after
 * that. Throws the signal's reason when the work is ended meanwhile.
 */
export async function* looks(
  { clock, signal }: Pick<BlueprintContext, 'clock' | 'signal'>,
  forMs: number,
): AsyncGenerator<void, void, void> {
  const end = clock.now() + forMs;
  for (let pause = FIRST; ; pause = Math.min(pause * 1.5, LONGEST)) {
    signal.throwIfAborted();
    const isLast = clock.now() >= end;
    yield;
    if (isLast) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(Math.min(pause, Math.max(end - clock.now(), 0)), done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
