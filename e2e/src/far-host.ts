import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { KEEPER } from './keeper.js';
import { processesWith } from './place.js';

/** A host that is reached over SSH, and beside it content whose package `desks` keeps what it is sent. */
export class FarHost {
  /** Where what is made there stands. */
  readonly there: string;
  /** Holds `desks/package.yaml` and its app. */
  readonly content: string;

  private constructor(
    private readonly folder: string,
    private readonly server: TestSshServer,
  ) {
    this.there = join(folder, 'there');
    this.content = join(folder, 'content');
  }

  /** `packageYaml`: of the package `desks`, whose artefact is `app`. */
  static async start(packageYaml: string): Promise<FarHost> {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-far-'));
    // The users of instances pass through it.
    chmodSync(folder, 0o711);
    const host = new FarHost(folder, await startSshServer());
    mkdirSync(join(host.content, 'desks/app'), { recursive: true });
    writeFileSync(join(host.content, 'desks/app/app.mjs'), KEEPER);
    writeFileSync(join(host.content, 'desks/package.yaml'), packageYaml);
    writeFileSync(host.#keyFile, host.server.privateKey, { mode: 0o600 });
    return host;
  }

  get #keyFile(): string {
    return join(this.folder, 'key');
  }

  /** How it is reached, as the configuration says it. */
  get ssh() {
    const { address, port, user, hostKey } = this.server;
    return { address, port, user, hostKey, keyFile: this.#keyFile };
  }

  /** With what still runs there. */
  async remove(): Promise<void> {
    for (const pid of processesWith(this.there)) end(pid);
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Also where it has ended meanwhile. */
function end(pid: number): void {
  try {
    process.kill(pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
