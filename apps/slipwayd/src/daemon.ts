import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayClient } from '@slipway/client';
import { SlipwayError } from '@slipway/contracts';
import { loadConfig, type MeshConfig } from '@slipway/mesh';
import { closedAbove, takeDataFolder, type DataFolder } from './data-folder.js';
import { ownNats, waitForNats, type OwnNats } from './nats/nats-server.js';
import { UsageError, type Options } from '../options.mjs';
import { requireFreePort } from './port.js';
import { meshPrograms } from './programs.js';
import { swapInRestore } from './restore/swap-in.js';
import { ensureSample } from './sample/sample.js';
import { Supervisor } from './supervisor/supervisor.js';

export type Say = (line: string) => void;

/**
 * A mesh on this machine, from the data folder to the sample service: what `npm start` runs.
 *
 * Started in order: data folder taken, ports checked, a staged restore swapped in, NATS, the services, the sample.
 * Stopped in the reverse order.
 */
export class Daemon {
  private readonly config: MeshConfig;
  private readonly env: NodeJS.ProcessEnv;
  private data!: DataFolder;
  private supervisor!: Supervisor;
  private client!: SlipwayClient;
  private restarting = false;

  constructor(
    private readonly options: Options,
    env: NodeJS.ProcessEnv,
    private readonly say: Say,
  ) {
    this.env = { ...env, ...settings(options) };
    this.config = loadConfig({ env: this.env });
    if (this.config.profile === 'prod' && !options.processes) {
      throw new UsageError(
        'The profile prod refuses the single process: add --processes, or start each service by itself (deploy/prod).',
      );
    }
  }

  get url(): string {
    const { host, port } = this.config.gateway;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async start(): Promise<void> {
    const { gateway, dataFolder, eventLog, nats } = this.config;
    await requireFreePort(gateway.host, gateway.port);
    this.data = takeDataFolder(dataFolder);
    this.say(`Data folder    ${dataFolder}`);
    const closed = process.getuid?.() === 0 ? closedAbove(dataFolder) : null;
    if (closed) {
      this.say(
        `               Other users can't pass ${closed}, so what is provisioned runs as root here. For a user of its own`,
      );
      this.say('               for each instance, choose a folder that all can reach: --data /var/lib/slipway');
    }
    this.say(`Event log      ${eventLog === 'sqlite' ? 'embedded (SQLite), in the data folder' : new URL(eventLog).host}`);
    if (nats.url) this.say(`NATS           ${nats.url}`);
    await this.up();
    this.say(`ready ${this.url}`);
  }

  /** Provisions the sample where that is wanted, and tells where everything is. */
  async welcome(): Promise<void> {
    const definition = this.config.defaultDefinition;
    const service =
      this.options.sample && definition ? await ensureSample({ client: this.client, definition, say: this.say }) : null;
    this.say('');
    if (service) this.say(`  The service    ${service}`);
    this.say(`  Gateway        ${this.url}`);
    this.say(`  API docs       ${this.url}/api/docs`);
    this.say(`  Data           ${this.config.dataFolder}`);
    this.say('');
    this.say('Try next, in another terminal:');
    this.say(`  npx slipway ${service ? 'instances' : 'status'}`);
    this.say(`  npx slipway plan ada shop${definition ? ` --definition=${definition}` : ''}`);
    this.say(`  npx slipway provision${definition ? ` --definition=${definition}` : ''} ada shop`);
    this.say('');
    this.say(
      `Ctrl-C stops everything in order${this.options.detach ? '; instances go on running' : ', instances too; the next start finds them again'}.`,
    );
  }

  async stop(): Promise<void> {
    await this.supervisor?.stop(this.options.detach ? 'leave' : 'stop');
    this.data?.release();
  }

  private async up(): Promise<void> {
    const before = swapInRestore(this.config.dataFolder);
    if (before) this.say(`Restored from a backup; what was there before is in ${before}.`);
    this.supervisor = new Supervisor({
      died: (program, how, ms) =>
        this.say(`${program.name} ended (${how}); starting it again${ms ? ` in ${ms / 1000} s` : ''} ...`),
      back: (program) => this.say(`${program.name} is back.`),
      restart: (reason) => void this.restart(reason),
    });
    const nats = await this.nats();
    const env = { ...this.env, ...(nats && { NATS_URL: nats.url, SLIPWAY_NATS_TOKEN_FILE: nats.tokenFile }) };
    const programs = meshPrograms(this.data, env, this.options.processes);
    this.say(`Services       ${this.options.processes ? `${programs.length} processes` : 'in one process'}`);
    await Promise.all(programs.map((program) => this.supervisor.start(program)));
    this.client = new SlipwayClient({
      url: this.url,
      key: readFileSync(join(this.config.dataFolder, 'gateway.key'), 'utf8').trim(),
    });
    await this.untilReady();
    writeFileSync(join(this.data.run, 'gateway.url'), this.url); // where the CLI on this machine looks
  }

  private async nats(): Promise<OwnNats | null> {
    if (this.config.nats.url) return null;
    const executable = this.env.SLIPWAY_NATS_SERVER ?? 'nats-server';
    const nats = await ownNats(this.data, executable);
    await this.supervisor.start(nats.program);
    await waitForNats(nats);
    this.say(`NATS           ${nats.url} (started here, behind a token of its own)`);
    return nats;
  }

  /** Until every service says so, or 60 s have passed: then it throws what is missing. */
  private async untilReady(): Promise<void> {
    for (const until = Date.now() + 60_000; ; await sleep(50)) {
      const { ready, checks } = await this.client.ready();
      if (ready) return;
      const missing = checks.filter((check) => !check.ready).map((check) => `${check.name}: ${check.reason ?? 'not ready'}`);
      if (Date.now() > until)
        throw new SlipwayError('internal', `The mesh did not become ready in 60 s:\n  ${missing.join('\n  ')}`);
    }
  }

  private async restart(reason: string): Promise<void> {
    if (this.restarting) return;
    this.restarting = true;
    this.say(`Starting again: ${reason}`);
    try {
      await this.supervisor.stop('stop');
      await this.up();
      this.say(`ready ${this.url}`);
    } finally {
      this.restarting = false;
    }
  }
}

/** Options as the environment variables that every process of the mesh reads its configuration from. */
const settings = ({ data, port, profile }: Options): NodeJS.ProcessEnv => ({
  SLIPWAY_PROFILE: profile,
  ...(data !== undefined && { SLIPWAY_DATA: data }),
  ...(port !== undefined && { SLIPWAY_PORT: String(port) }),
});
