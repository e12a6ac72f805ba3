import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError } from '@slipway/client';
import { loadConfig, type MeshConfig } from '@slipway/mesh';
import { AlreadyRuns, GATEWAY_URL, closedAbove, takeDataFolder, type DataFolder } from './data-folder.js';
import { OwnGateway } from './gateway/own-gateway.js';
import { slipwayCommand } from './gateway/slipway-command.js';
import { untilReady } from './gateway/until-ready.js';
import { ownNats, waitForNats, type OwnNats } from './nats/nats-server.js';
import { UsageError, type Options } from '../options.mjs';
import { requireFreePort } from './port.js';
import { meshPrograms } from './programs.js';
import { swapInRestore } from './restore/swap-in.js';
import { SampleTrouble, ensureSample } from './sample/sample.js';
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
  private gateway!: OwnGateway;
  /** Why the gateway's certificate keeps this process from looking; `null` when it does not. */
  private distrusted: string | null = null;
  private restarting = false;
  private stopping = false;

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

  async start(): Promise<void> {
    const { gateway, dataFolder, eventLog, nats } = this.config;
    this.data = this.takeData();
    await requireFreePort(gateway.host, gateway.port);
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
  }

  /** Provisions the sample where that is wanted, and tells where everything is. */
  async welcome(): Promise<void> {
    const definition = this.config.defaultDefinition;
    const service = this.options.sample && definition ? await this.sample(definition) : null;
    const { url } = this.gateway;
    this.say('');
    if (service) this.say(`  The service    ${service}`);
    this.say(`  Gateway        ${url}`);
    this.say(`  API docs       ${url}/api/docs`);
    this.say(`  Data           ${this.config.dataFolder}`);
    this.say('');
    this.say('Try next, in another terminal:');
    const named = definition ? [`--definition=${definition}`] : [];
    this.say(`  ${this.gateway.command(service ? 'instances' : 'status')}`);
    this.say(`  ${this.gateway.command('plan', 'ada', 'shop', ...named)}`);
    this.say(`  ${this.gateway.command('provision', ...named, 'ada', 'shop')}`);
    this.say('');
    this.say(
      `Ctrl-C stops everything in order${this.options.detach ? '; instances go on running' : ', instances too; the next start finds them again'}.`,
    );
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.supervisor?.stop(this.options.detach ? 'leave' : 'stop');
    this.data?.release();
  }

  /** Who starts a second time most likely wants the one that runs. */
  private takeData(): DataFolder {
    const { dataFolder } = this.config;
    try {
      return takeDataFolder(dataFolder);
    } catch (error) {
      if (!(error instanceof AlreadyRuns)) throw error;
      const look = slipwayCommand(this.config, this.env.NODE_EXTRA_CA_CERTS, 'status');
      const ways = 'Ctrl-C in its terminal stops it. To start another beside it: npm start -- --data <folder> --port <n>';
      throw new Error(`${error.message}\n  ${look}\n${ways}`, { cause: error });
    }
  }

  private async up(): Promise<void> {
    const before = swapInRestore(this.config.dataFolder);
    if (before) this.say(`Restored from a backup; what was there before is in ${before}.`);
    this.supervisor = new Supervisor({
      died: (program, how, ms) =>
        this.say(`${program.name} ended (${how}); starting it again${ms ? ` in ${ms / 1000} s` : ''} ...`),
      back: (program) => this.say(`${program.name} is back.`),
      serves: (url) => this.serves(url),
      restart: (reason) => void this.restart(reason),
    });
    const nats = await this.nats();
    const env = { ...this.env, ...(nats && { NATS_URL: nats.url, SLIPWAY_NATS_TOKEN_FILE: nats.tokenFile }) };
    const programs = meshPrograms(this.data, env, this.options.processes);
    this.say(`Services       ${this.options.processes ? `${programs.length} processes` : 'in one process'}`);
    await Promise.all(programs.map((program) => this.supervisor.start(program)));
    this.distrusted = await this.gateway.distrusted();
    if (this.distrusted) this.say(`WARNING: what is ready can't be seen from here. ${this.distrusted}`);
    else await untilReady({ gateway: () => this.gateway, say: this.say });
    this.say(`ready ${this.gateway.url}`);
  }

  /** The gateway's own word on where it is: a port of 0, all addresses, HTTPS are its to know. */
  private serves(url: string): void {
    const moved = this.gateway !== undefined && this.gateway.url !== url;
    this.gateway = new OwnGateway(url, this.config, this.env.NODE_EXTRA_CA_CERTS);
    writeFileSync(join(this.data.run, GATEWAY_URL), url);
    if (moved) this.say(`The gateway is at ${url} now.`);
  }

  /** The sample's URL; `null` when there is none to be had: the mesh is as good without it, and needed to see why. */
  private async sample(definition: string): Promise<string | null> {
    if (this.distrusted) return null;
    try {
      return await ensureSample({ client: this.gateway.client, definition, say: this.say });
    } catch (error) {
      if (this.stopping) throw error;
      this.say('');
      this.say(`WARNING: ${explain(error)}`);
      this.say('The mesh goes on. To look further:');
      const commands = error instanceof SampleTrouble ? error.look : [['doctor']];
      for (const command of commands) this.say(`  ${this.gateway.command(...command)}`);
      return null;
    }
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

  private async restart(reason: string): Promise<void> {
    if (this.restarting) return;
    this.restarting = true;
    this.say(`Starting again: ${reason}`);
    try {
      await this.supervisor.stop('stop');
      await this.up();
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

/** What a failure says, with the hint of a call that was refused. */
const explain = (error: unknown): string =>
  `${(error as Error).message}${error instanceof ApiError ? `. ${error.problem.hint}` : ''}`;
