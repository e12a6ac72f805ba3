import { InvalidArgumentError, type Command } from 'commander';

/** Where and when a job is to be done. */
export interface PlaceFlags {
  environment?: string;
  clusterId?: string;
  priority?: number;
  notBefore?: string;
}

const priority = (value: string): number => {
  if (!/^-?\d{1,3}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from -100 to 100.');
  return Number(value);
};

export const placeOptions = (command: Command): Command =>
  command
    .option('--environment <name>', 'the environment', process.env.SLIPWAY_ENVIRONMENT)
    .option('--cluster-id <id>', "a named set of places; the profile's default when left out")
    .option('--priority <n>', 'from -100 to 100, higher goes first', priority)
    .option('--not-before <time>', 'ISO 8601 time before which it does not start');
