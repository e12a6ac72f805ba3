import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, type TestMesh } from '@slipway/testing';

/** The program itself. */
export const program = join(root, 'apps/cli/bin/slipway.mjs');

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the CLI as a user does: a process of its own, its result its exit code and what it printed. */
export function slipway(
  mesh: Pick<TestMesh, 'url' | 'key'>,
  args: string[],
  options: { input?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        SLIPWAY_URL: mesh.url,
        SLIPWAY_KEY: mesh.key,
        ...options.env,
      },
      timeout: options.timeoutMs ?? 120_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : -1), stdout, stderr }));
    child.stdin.end(options.input ?? '');
  });
}
