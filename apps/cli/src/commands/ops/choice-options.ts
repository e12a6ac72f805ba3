import { InvalidArgumentError, type Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import type { Json, JsonObject, Offered } from '@slipway/contracts';
import type { ImportJob, JobRequirement } from '@slipway/contracts/http';

/** What of others a job may change, and what comes first. */
export interface ResolvingFlags {
  allowUpgrade?: string[];
  keepAsIs?: string[];
  prefer?: string[];
}

/** Who provisions, and what is chosen of what is offered. */
export interface ChoiceFlags extends ResolvingFlags {
  provisioner?: string;
  definition?: string;
  clusterId?: string;
  offering?: Record<string, string>;
  requirement?: JobRequirement[];
  require?: JobRequirement[];
}

const listed = (given: string, before: string[] = []): string[] => [...before, given];

export const resolvingOptions = (command: Command): Command =>
  command
    .option('--allow-upgrade <name>', "what is shared and made of it may be upgraded, '*' for all; several times", listed)
    .option('--keep-as-is <name>', 'what is made of it is not upgraded, whatever is allowed; several times', listed)
    .option('--prefer <name[@range]>', 'comes first where several would do; several times', listed);

export const resolvingOf = ({ allowUpgrade, keepAsIs, prefer }: ResolvingFlags): ResolvingFlags => ({
  ...(allowUpgrade && { allowUpgrade }),
  ...(keepAsIs && { keepAsIs }),
  ...(prefer && { prefer }),
});

export function collected(given: string, before: Record<string, string> = {}): Record<string, string> {
  const at = given.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value.');
  return { ...before, [given.slice(0, at)]: given.slice(at + 1) };
}

/** `database@^1,engine=sqlite` */
function requirement(given: string, before: JobRequirement[] = []): JobRequirement[] {
  const [what = '', ...pairs] = given.split(',');
  const [namespace = '', range] = what.split('@', 2);
  if (namespace === '' || pairs.some((pair) => pair.indexOf('=') < 1))
    throw new InvalidArgumentError('It must be a namespace, such as database@^1,engine=sqlite.');
  const attributes = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), parsed(pair.slice(pair.indexOf('=') + 1))]),
  );
  return [...before, { namespace, ...(range !== undefined && { range }), ...(pairs.length > 0 && { attributes }) }];
}

/** `database;(&(engine=sqlite)(version>=3))`: a filter of OSGi Core, which the resolver reads. */
function required(given: string, before: JobRequirement[] = []): JobRequirement[] {
  const at = given.indexOf(';');
  const [namespace, filter] = at < 0 ? [given] : [given.slice(0, at), given.slice(at + 1)];
  if (!namespace || filter === '')
    throw new InvalidArgumentError("It must be a namespace and a filter, such as 'database;(engine=sqlite)'.");
  return [...before, { namespace, ...(filter !== undefined && { filter }) }];
}

export const choiceOptions = (command: Command): Command =>
  resolvingOptions(command)
    .option('--provisioner <name>', 'who provisions; as the guest location says when left out')
    .option('--offering <name=value>', 'what is chosen of what is offered; several times', collected)
    .option(
      '--requirement <namespace[@range][,attribute=value]...>',
      'what is needed beside the definition, or instead of it; several times',
      requirement,
    )
    .option(
      '--require <namespace;filter>',
      "the same, by a filter of OSGi Core: 'database;(&(engine=sqlite)(version>=3))'; several times",
      required,
    );

/** What a job with choices begins at, and with. */
interface Beginning {
  guestLocation?: string | undefined;
  /** Of an import: where no definition is named, its snapshot's own offers what can be chosen. */
  from?: Pick<ImportJob, 'snapshot' | 'snapshotId'> | undefined;
}

/** What the flags choose, each as a value of its schema's type. What nobody offers stays a text, for the gateway to refuse. */
export async function choicesOf(
  client: SlipwayClient,
  flags: ChoiceFlags,
  { guestLocation, from }: Beginning,
): Promise<JsonObject | undefined> {
  const { offering, definition, clusterId } = flags;
  if (!offering) return undefined;
  const name = flags.provisioner ?? (await provisionerAt(client, guestLocation, clusterId));
  const where = { ...(guestLocation && { guestLocation }), ...(clusterId && { clusterId }) };
  const offered = await client.provisioners.offerings(name, { ...(definition && { definition }), ...where, ...from });
  return chosen(offered, offering);
}

/** What was written of each choice, as a value of what is offered under its name. */
export function chosen(offered: readonly Offered[], offering: Record<string, string>): JsonObject {
  const schemas = new Map(offered.map((one) => [one.name, one.schema]));
  return Object.fromEntries(Object.entries(offering).map(([one, text]) => [one, valueAs(schemas.get(one) ?? {}, text)]));
}

/** Who provisions where nobody is named: as the gateway finds it. */
async function provisionerAt(client: SlipwayClient, guestLocation?: string, clusterId?: string): Promise<string> {
  const [all, { clusters }] = await Promise.all([client.provisioners.list(), client.info()]);
  const cluster = clusterId === undefined ? (clusters['default'] ?? Object.values(clusters)[0]) : clusters[clusterId];
  const place = guestLocation ?? cluster?.[0];
  const there = all.find(({ guestLocations }) => place !== undefined && guestLocations.includes(place));
  return (there ?? all.find((one) => one.default)!).name;
}

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
};

/** A text as a value of a schema: one of its values, where it names them; a text where it may be one; else what it says as JSON. */
export function valueAs(schema: JsonObject, text: string): Json {
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
  const named = values.find((value) => (typeof value === 'string' ? value : JSON.stringify(value)) === text);
  if (named !== undefined) return named;
  const types = [schema.type].flat();
  return types.includes('string') ? text : parsed(text);
}
