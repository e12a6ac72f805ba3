import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AptSpec, InstanceSpec, JsonObject } from '@slipway/contracts';
import type { TestHost } from '@slipway/interfaces/testing';
import type { Ensured } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import { AptDriver } from '../apt.driver.js';

/** The driver at a place of its own, for a Debian host that a test has made. */
export class AptRig {
  readonly driver = new AptDriver({ mesh: 'test' });
  #place: ContractPlace | undefined;

  constructor(readonly host: TestHost) {}

  async begin(): Promise<void> {
    this.#place = await ContractPlace.make();
  }

  async end(): Promise<void> {
    await this.#place!.remove();
  }

  target(name: string) {
    return this.#place!.target('instance', name);
  }

  context(signal?: AbortSignal) {
    return this.#place!.context(signal);
  }

  async ensure(name: string, spec: AptSpec | InstanceSpec): Promise<Ensured & { log: string[] }> {
    const context = await this.context();
    const inputs: Record<string, JsonObject> = { target: { type: 'host', root: this.host.root } };
    const whole: InstanceSpec = 'artefactBlob' in spec ? spec : { apt: spec as AptSpec };
    const ensured = await this.driver.ensure(this.target(name), whole, inputs, context);
    return { ...ensured, log: context.said.log };
  }

  /** What the step's log says. */
  async destroy(name: string): Promise<string[]> {
    const context = await this.context();
    await this.driver.destroy(this.target(name), context);
    return context.said.log;
  }

  async state(name: string): Promise<string> {
    return (await this.driver.inspect(this.target(name), await this.context())).state;
  }

  /** What a person has asked the host for. */
  manual(): string[] {
    return this.host.run('apt-mark', 'showmanual').split('\n');
  }

  /** What is noted in the host, of packages that were brought or changed. */
  notes(): string[] {
    const folder = join(this.host.root, 'var/lib/slipway/apt');
    return ['brought', 'changed'].flatMap((sub) => (existsSync(join(folder, sub)) ? readdirSync(join(folder, sub)) : []));
  }

  /** Packages that stand for our resources. */
  marks(): string[] {
    const names = this.host.run('dpkg-query', '--show', '--showformat=${Package}\\n').split('\n');
    return names.filter((name) => name.startsWith('slipway-'));
  }
}
