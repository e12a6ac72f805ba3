import { TAKEOVER_AFTER, type Ports } from '../ports.js';
import type { Provisioner } from '../provisioner.js';
import type { Registry } from './registry.js';

/** How often it is looked for steps that nobody works on any more, in ms. */
export const SWEEP_EVERY = 2_000;

/** Carries on the steps of this replica's earlier lives, and of replicas that fell silent (P4). */
export async function carryOnUnattended(
  provisioner: Provisioner,
  registry: Registry,
  { replica, silentFor }: Pick<Ports, 'replica' | 'silentFor'>,
): Promise<void> {
  for (const { ref, replica: at } of registry.unfinished()) {
    if (at !== replica && silentFor(at!) < TAKEOVER_AFTER) continue;
    await provisioner.carryOn(ref);
  }
}
