import { SlipwayError, type Json, type JsonObject, type LeasedPlace } from '@slipway/contracts';

/** A leased host that something stands on, as its lease gave it out. */
export interface LeasedHost {
  lease: string;
  /** Of the acquisition. */
  token: number;
  /** By which others reach what listens there. */
  host: string;
  place: LeasedPlace;
}

/** Of a step's inputs those of what its spec says that it stands on (`on`), if they are there. */
export function inputsOn(spec: JsonObject, inputs: Record<string, JsonObject>): JsonObject | undefined {
  const { on } = spec;
  return typeof on === 'string' && Object.hasOwn(inputs, on) ? inputs[on] : undefined;
}

/**
 * Throws `spec-invalid` where a spec says that it stands on what is no host, and where it is wired to files that are at another place than
 * itself.
 */
export function assertHost(spec: JsonObject, inputs: Record<string, JsonObject>): void {
  const { on } = spec;
  const given = inputsOn(spec, inputs);
  if (on !== undefined && !given) throw notAHost(`it is wired to nothing as ${String(on)}`);
  const lease = given && leasedHost(given).lease;
  for (const [name, { path, on: other }] of Object.entries(inputs))
    if (path !== undefined && other !== lease)
      throw notAHost(`${name} stands ${whereOf(other)}, and this ${whereOf(lease)}: its files are not there`);
}

const whereOf = (lease: Json | undefined): string =>
  lease === undefined ? 'on no leased host' : `on the host of ${String(lease)}`;

/** What is given out by what stands on a leased host, beside its outputs: which. */
export const standsThere = (on: JsonObject | undefined): { on?: string } => (on ? { on: leasedHost(on).lease } : {});

/** Throws `spec-invalid` for what is no host. */
export function leasedHost({ lease, token, host, place }: JsonObject): LeasedHost {
  const { folder } = (place ?? {}) as Partial<LeasedPlace>;
  if (typeof lease !== 'string' || typeof token !== 'number') throw notAHost('what it is wired to is not leased');
  if (typeof host !== 'string' || typeof folder !== 'string') throw notAHost(`${lease} gives no host that others reach`);
  return { lease, token, host, place: place as unknown as LeasedPlace };
}

const notAHost = (reason: string): SlipwayError => new SlipwayError('spec-invalid', `on: ${reason}`, { field: 'on', reason });
