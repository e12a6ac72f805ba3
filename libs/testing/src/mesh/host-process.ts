import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServiceName } from '@slipway/contracts';
import { DEATH, type Death } from './death.js';
import { root } from './root.js';

/** One process of the mesh, started as the supervisor starts it. */
export class HostProcess {
  private child?: ChildProcess;
  private exited: Promise<void> = Promise.resolve();
  private readonly logFile: string;

  constructor(
    readonly name: string,
    readonly services: readonly ServiceName[],
    folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.logFile = join(folder, `${name}.log`);
  }

  get pid(): number {
    return this.child!.pid!;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it serves; rejects with the end of its log when it ends before. `death`: where it is going to die. */
  async start(env: NodeJS.ProcessEnv = {}, death?: Death): Promise<void> {
    const output = openSync(this.logFile, 'a');
    const program = join(root, 'apps/slipwayd/dist/host/main.js');
    const preload = death ? ['--import', pathToFileURL(join(root, 'libs/testing/dist/mesh/die-at.js')).href] : [];
    const child = spawn(process.execPath, ['--enable-source-maps', ...preload, program, this.services.join(',')], {
      env: { ...this.env, ...env, ...(death && { [DEATH]: JSON.stringify(death) }) },
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    this.child = child;
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: { type: string }) => message.type === 'ready' && resolve());
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.name} ended with ${signal ?? code} before it was ready:\n${this.log()}`)),
      );
    });
  }

  /** `kill -9`, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.running) this.child!.kill('SIGKILL');
    await this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.child!.kill(signal);
  }

  /** As a rolling restart does: it drains, and leaves (or stops) instances. */
  async stop(instances: 'stop' | 'leave' = 'leave'): Promise<void> {
    if (!this.running) return;
    this.child!.send({ type: 'stop', instances });
    const force = setTimeout(() => this.child!.kill('SIGKILL'), 30_000);
    await this.exited;
    clearTimeout(force);
  }

  /** Resolves with how it ended. */
  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await this.exited;
    return { code: this.child!.exitCode, signal: this.child!.signalCode };
  }

  /** The last lines that it wrote. */
  log(lines = 40): string {
    try {
      return readFileSync(this.logFile, 'utf8').split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}
