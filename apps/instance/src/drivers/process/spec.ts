import type { InstanceSpec, SpecBounds } from '@slipway/contracts';
import { assertWithin } from '@slipway/provisioner';

/** What this driver takes: a command, run on the host itself. */
export type ProcessSpec = InstanceSpec & { command: string[] };

/** What is missing where there is none, and what only a container has. */
export const BOUNDS: SpecBounds = {
  needs: [{ field: 'command', reason: 'the driver "process" needs a program to run' }],
  lacks: [
    { field: 'container', reason: 'the driver "process" makes no containers; the driver "docker" does' },
    { field: 'limits.cpus', reason: 'the driver "process" cannot limit processors; "docker" can' },
    { field: 'apt', reason: 'the driver "process" installs no packages of its host; the driver "apt" does' },
    { field: 'host', reason: 'the driver "process" runs a program; what a host has to be is for the driver "host"' },
  ],
};

/** Throws `spec-invalid` that names what lies outside of {@link BOUNDS}. */
export function assertProcess(spec: InstanceSpec): asserts spec is ProcessSpec {
  assertWithin({ bounds: BOUNDS }, spec);
}
