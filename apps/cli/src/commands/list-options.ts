import { InvalidArgumentError, type Command } from 'commander';
import type { ListOptions } from '@slipway/client';
import { note } from '../output/format.js';

/** How much of a list, in which order, of which moment. */
export interface PageFlags {
  limit?: number;
  sort?: string;
  asOf?: string;
}

/** What every list of an environment's things takes. */
export interface ListFlags extends PageFlags {
  environment?: string;
}

/** The most that the gateway gives at once. */
const PAGE = 500;

export const atMost = (value: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1 to 999999999.');
  return Number(value);
};

export const pageOptions = (command: Command): Command =>
  command
    .option('--limit <n>', 'at most so many; all when left out', atMost)
    .option('--sort <field>', 'by this field; -field for descending')
    .option('--as-of <moment>', 'as it was at this time (ISO 8601) or log position');

export const listOptions = (command: Command): Command =>
  pageOptions(command.option('--environment <name>', 'only of this environment', process.env.SLIPWAY_ENVIRONMENT));

/** Something of which there are lists. */
interface Listed<Row> {
  all(options: ListOptions): AsyncIterable<Row>;
}

/** The rows that the flags ask for, of all pages up to `--limit`; that there are more is said on standard error. */
export async function listRows<Row>(
  rows: Listed<Row>,
  { limit = Infinity, sort, asOf }: PageFlags,
  filter: ListOptions['filter'] = {},
): Promise<Row[]> {
  const listed: Row[] = [];
  const pages = rows.all({ filter, limit: Math.min(limit + 1, PAGE), ...(sort && { sort }), ...(asOf && { asOf }) });
  for await (const row of pages) {
    if (listed.length === limit) {
      note(`Only the first ${limit} are shown, and there are more: leave out --limit to see them all.`);
      break;
    }
    listed.push(row);
  }
  return listed;
}
