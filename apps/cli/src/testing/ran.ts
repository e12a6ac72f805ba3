import { slipway } from '../program.js';
import { explain } from '../exit.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** What `main` would say of what was thrown. */
  text?: string;
}

/** Runs a command line in this process against a gateway: its exit code, and what it printed. */
export async function ran(url: string, ...args: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const { stdout, stderr, env, exitCode } = process;
  const before = { out: stdout.write, err: stderr.write, env: { ...env } };
  stdout.write = ((text: string) => ((written.stdout += text), true)) as typeof stdout.write;
  stderr.write = ((text: string) => ((written.stderr += text), true)) as typeof stderr.write;
  Object.assign(env, { SLIPWAY_URL: url, SLIPWAY_KEY: 'the-key' });
  try {
    await slipway().parseAsync(['node', 'slipway', ...args]);
    return { code: Number(process.exitCode ?? 0), ...written };
  } catch (error) {
    return { ...explain(error), ...written };
  } finally {
    process.exitCode = exitCode;
    process.env = before.env;
    stdout.write = before.out;
    stderr.write = before.err;
  }
}
