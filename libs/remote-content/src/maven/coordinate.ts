import { DEFINITION_NAME } from '@slipway/contracts';
import { valid, validRange } from 'semver';
import { RemoteRefused } from '../failures.js';

/** What of a Maven layout is taken: `org.example:shop`, `org.example:shop:^1.2`, `org.example:shop@war`. */
export interface Coordinate {
  group: string;
  artifact: string;
  range?: string;
  /** Ending of its file: `jar`, `war`. */
  ending: string;
}

const COORDINATE = /^([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*):([A-Za-z0-9_.-]+)(?::([^@]+))?(?:@([a-z0-9]+))?$/;

/** Throws `RemoteRefused`. */
export function coordinateOf(said: string): Coordinate {
  const [, group, artifact, range, ending = 'jar'] = COORDINATE.exec(said) ?? [];
  if (group === undefined || artifact === undefined || /^\.+$/.test(artifact))
    throw new RemoteRefused(`${said} is no group:artifact, maybe with a range and @ending, such as org.example:shop:^1.2@war`);
  if (range !== undefined && validRange(range) === null) throw new RemoteRefused(`${said}: ${range} is no range of versions`);
  return { group, artifact, ending, ...(range !== undefined && { range }) };
}

/** Name of a definition: group and artifact, in lower case. Throws `RemoteRefused` where that is none. */
export function definitionNameOf({ group, artifact }: Coordinate): string {
  const name = `${group}.${artifact}`.toLowerCase();
  if (DEFINITION_NAME.test(name)) return name;
  throw new RemoteRefused(`${group}:${artifact} is no name that a definition can have`);
}

/** What stands for a release in Maven's world. */
const RELEASE = /[.-](final|ga|release)$/i;

/**
 * A version of Maven as a semantic one: numbers are filled up to three, `1.2-beta` is 1.2.0-beta, `.Final`, `.GA` and `.RELEASE` fall away.
 * Nothing for what has no such order: four numbers, snapshots, words.
 */
export function semanticOf(version: string): string | undefined {
  const [, numbers, qualifier] = /^(\d+(?:\.\d+){0,2})(?:[.-]([A-Za-z][A-Za-z0-9-]*))?$/.exec(version.replace(RELEASE, '')) ?? [];
  if (numbers === undefined || /snapshot/i.test(qualifier ?? '')) return undefined;
  const filled = [...numbers.split('.').map((number) => String(BigInt(number))), '0', '0'].slice(0, 3).join('.');
  return valid(qualifier === undefined ? filled : `${filled}-${qualifier}`) ?? undefined;
}
