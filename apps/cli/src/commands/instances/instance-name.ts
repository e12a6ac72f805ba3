import type { Command } from 'commander';

export interface InstanceFlags {
  environment?: string;
}

/** The argument and the option by which a command names one instance. */
export const instanceName = (command: Command): Command =>
  command
    .argument('<name>', 'its name, or environment.name')
    .option('--environment <name>', 'of a bare name (default: "default")');

/** The id of the instance that is named. */
export const instanceId = (name: string, { environment = 'default' }: InstanceFlags): string =>
  name.includes('.') ? name : `${environment}.${name}`;
