/** As `node:fs` throws them: what callers decide by is its `code`. */
export const systemError = (code: string, message: string, syscall: string, path: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${message}`), { code, syscall, path });

export const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;

/** `null` for what does not exist. */
export async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
