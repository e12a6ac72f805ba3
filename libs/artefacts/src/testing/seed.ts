import * as fc from 'fast-check';

/** Random tests begin with it and print it when they fail; `SLIPWAY_SEED` replays. */
export const SEED = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 2 ** 31);

export const check = <T>(property: fc.IProperty<T> | fc.IAsyncProperty<T>, numRuns = 500) =>
  fc.assert(property as fc.IProperty<T>, { seed: SEED, numRuns });

/** Runs it, and gives what it throws; fails where that is no clear error of ours. */
export function refusalOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}
export async function refusalFrom(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}

function textOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== 'bad-input' || typeof message !== 'string' || message === '') throw error;
  return message;
}
