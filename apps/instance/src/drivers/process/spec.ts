import type { InstanceSpec } from '@slipway/contracts';
import { specInvalid } from './placeholders.js';

/** What this driver takes: a command, run on the host itself. */
export type ProcessSpec = InstanceSpec & { command: string[] };

/** Throws `spec-invalid` that names what only a container has, and what is missing. */
export function assertProcess(spec: InstanceSpec): asserts spec is ProcessSpec {
  const refuse = (field: string, reason: string) => {
    throw specInvalid(field, reason);
  };
  if (spec.container !== undefined) refuse('container', 'the driver "process" makes no containers; the driver "docker" does');
  if (spec.limits?.cpus !== undefined) refuse('limits.cpus', 'the driver "process" cannot limit processors; "docker" can');
  if (spec.command === undefined) refuse('command', 'the driver "process" needs a program to run');
}
