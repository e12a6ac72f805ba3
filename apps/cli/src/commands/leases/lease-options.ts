import { InvalidArgumentError, type Command } from 'commander';
import { OWNER_TYPES, isTime, type Json, type JsonObject, type OwnerType } from '@slipway/contracts';
import { UsageError } from '../../exit.js';

export interface EnvironmentFlags {
  environment?: string;
}

/** Whose something is, or is to be. */
export interface OwnerFlags {
  owner?: string;
  ownerType?: OwnerType;
}

export const environmentOption = (command: Command): Command =>
  command.option('--environment <name>', 'of this environment (SLIPWAY_ENVIRONMENT)', process.env.SLIPWAY_ENVIRONMENT);

export const ownerOptions = (command: Command, described: string): Command =>
  command.option('--owner <id>', described).option('--owner-type <type>', OWNER_TYPES.join(', '), ownerType);

function ownerType(value: string): OwnerType {
  if ((OWNER_TYPES as readonly string[]).includes(value)) return value as OwnerType;
  throw new InvalidArgumentError(`It must be one of ${OWNER_TYPES.join(', ')}.`);
}

export const ownerOf = ({ owner, ownerType: type }: OwnerFlags) => ({
  ...(owner !== undefined && { ownerId: owner }),
  ...(type && { ownerType: type }),
});

/** The whole id of a lease, or of a leased resource: a bare one is of the environment that is named. */
export const leaseId = (id: string, { environment = 'default' }: EnvironmentFlags): string =>
  id.includes('.') ? id : `${environment}.${id}`;

/**
 * `memory=4`, `project=apollo`: numbers, `true`, `false`, `null` and what else is JSON is taken as such, all else as text; a number that
 * does not read back the same (`1.10`) too. In double quotes it is text: `branch="8675309"`.
 */
export function attribute(given: string, before: JsonObject = {}): JsonObject {
  const at = given.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value.');
  return { ...before, [given.slice(0, at)]: valueOf(given.slice(at + 1)) };
}

function valueOf(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}

export const another = (value: string, before: string[] = []): string[] => [...before, value];

export const count = (value: string): number => {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
};

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A time, or how long from now: `30m`, `2h`, `2026-03-01T06:00:00Z`. As ISO 8601. */
export function moment(given: string, option: string, now = Date.now()): string {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(given) ?? [];
  if (amount !== undefined) return new Date(now + Number(amount) * UNITS[unit!]! * 1000).toISOString();
  if (isTime(given)) return given;
  throw new UsageError(`--${option} must be how long from now, such as 30m, 2h or 1d, or a time with a zone, not "${given}".`);
}
