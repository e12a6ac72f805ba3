const SHORT = 4 * 1024;
const TIMES = 8;
/** What is done once per run (compiling, collecting garbage) is no growth, so that less counts as this; in microseconds. */
const LEAST = 2_000;

/**
 * By how much more processor time of this thread `run` takes for a text that is eight times as long: about 8 where it goes through the
 * text once, 64 where its time is the square of the length. The least of three runs counts, so that other work on the machine does not.
 */
export function growthOf(text: (length: number) => string, run: (text: string) => unknown): number {
  const [short, long] = [text(SHORT), text(SHORT * TIMES)];
  const spent = (what: string): number =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const before = process.threadCpuUsage();
        try {
          run(what);
        } catch {
          // That it is refused is as good as that it is read.
        }
        const { user, system } = process.threadCpuUsage(before);
        return user + system;
      }),
    );
  return spent(long) / Math.max(spent(short), LEAST);
}

/** Between once and squared, far from both. */
export const LINEAR = 24;
