import { InvalidArgumentError, type Command } from 'commander';
import type { ListOptions } from '@slipway/client';

/** What every list takes. */
export interface ListFlags {
  environment?: string;
  limit?: number;
  sort?: string;
  asOf?: string;
}

const limit = (value: string): number => {
  if (!/^\d{1,3}$/.test(value) || Number(value) < 1 || Number(value) > 500)
    throw new InvalidArgumentError('It must be a number from 1 to 500.');
  return Number(value);
};

export const listOptions = (command: Command): Command =>
  command
    .option('--environment <name>', 'only of this environment', process.env.SLIPWAY_ENVIRONMENT)
    .option('--limit <n>', 'at most so many', limit)
    .option('--sort <field>', 'by this field; -field for descending')
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position');

/** The flags as the API takes them. */
export const listFilter = (flags: ListFlags, filter: NonNullable<ListOptions['filter']>): ListOptions => ({
  filter: { environment: flags.environment, ...filter },
  ...(flags.limit && { limit: flags.limit }),
  ...(flags.sort && { sort: flags.sort }),
  ...(flags.asOf && { asOf: flags.asOf }),
});
