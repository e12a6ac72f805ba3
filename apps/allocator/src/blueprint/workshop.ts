import { join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import { SlipwayError, type Clock, type JsonObject } from '@slipway/contracts';
import type { Command, Filesystem } from '@slipway/interfaces';
import { RedactingSecrets, abortable } from '@slipway/provisioner';
import type { Secrets } from '@slipway/secrets';
import type { AllocationState } from '../allocation/state.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import type { Blueprint, BlueprintContext, GrantedLease, HeldInterfaces, MadeResource } from './blueprint.js';
import { grantedLease, madeResource } from './told.js';

export interface WorkshopOptions {
  /** Folders of blueprints stand below it. */
  folder: string;
  blueprints: ReadonlyMap<string, Blueprint>;
  command: Command;
  filesystem: Filesystem;
  secrets: Secrets;
  blobs: Blobs;
  clock: Clock;
  log(about: object, line: string): void;
}

/** A blueprint, ready for one piece of work: what it is told of, and what it works with. */
export interface AtWork {
  blueprint: Blueprint;
  resource: MadeResource;
  lease: GrantedLease | undefined;
  context: BlueprintContext;
  /** A text without any of the secrets that were read in this work. */
  cover(text: string): string;
  /** The same of all texts of a JSON. */
  coverJson(value: JsonObject): JsonObject;
}

/** Where blueprints work: everything that they are given. */
export class Workshop {
  constructor(private readonly options: WorkshopOptions) {}

  /** Throws `no-blueprint` where the configuration has it no more. */
  async atWork(state: AllocationState, of: { resource: Resource; lease?: Lease }, signal: AbortSignal): Promise<AtWork> {
    const { resource, lease } = of;
    const blueprint = this.#blueprintOf(resource);
    const secrets = new RedactingSecrets(this.options.secrets);
    const context = await this.#context(resource, secrets, signal);
    return {
      blueprint,
      resource: { ...madeResource(state.environment, resource), needs: this.#needsOf(state, resource, secrets, signal) },
      lease: lease && grantedLease(lease),
      context,
      cover: (text) => secrets.cover(text),
      coverJson: (value) => secrets.coverJson(value),
    };
  }

  #blueprintOf({ blueprint: name, id }: Resource): Blueprint {
    const blueprint = this.options.blueprints.get(name);
    if (blueprint) return blueprint;
    throw new SlipwayError('no-blueprint', `${id} is of the blueprint ${name}, which is not configured any more`, { name });
  }

  async #context(resource: Resource, secrets: RedactingSecrets, signal: AbortSignal): Promise<BlueprintContext> {
    const { folder: root, command, filesystem, blobs, clock, log } = this.options;
    const { location, blueprint, id } = resource;
    const folder = join(root, location, blueprint);
    // Servers of nobody pass through it to what they serve; it shows nobody what is in it.
    await filesystem.mkdir(folder, { mode: 0o711 });
    return {
      ...{ folder, filesystem, secrets, blobs, clock, signal },
      command: abortable(command, signal),
      changing: async () => signal.throwIfAborted(),
      log: (line) => log({ blueprint, resource: id }, secrets.cover(line)),
    };
  }

  /** What a resource holds itself, each by the interfaces of its own blueprint. */
  #needsOf(
    state: AllocationState,
    { needs }: Resource,
    secrets: RedactingSecrets,
    signal: AbortSignal,
  ): Record<string, HeldInterfaces> {
    const held = Object.entries(needs).flatMap(([role, leaseId]): [string, HeldInterfaces][] => {
      const lease = state.leases.get(leaseId);
      const resource = lease?.granted && state.resources.get(lease.granted.resourceId);
      return lease && resource ? [[role, this.#held(state, { lease, resource }, secrets, signal)]] : [];
    });
    return Object.fromEntries(held);
  }

  #held(
    state: AllocationState,
    { lease, resource }: { lease: Lease; resource: Resource },
    secrets: RedactingSecrets,
    signal: AbortSignal,
  ): HeldInterfaces {
    const made = madeResource(state.environment, resource);
    return {
      resource: made,
      interface: async <Kind extends object>(name: string) => {
        const needs = this.#needsOf(state, resource, secrets, signal);
        const context = await this.#context(resource, secrets, signal);
        const blueprint = this.#blueprintOf(resource);
        return (await blueprint.interface(name, grantedLease(lease), { ...made, needs }, context)) as Kind;
      },
    };
  }
}
