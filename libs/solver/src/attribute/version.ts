import { inOrder } from '../in-order.js';

/**
 * A version, as OSGi writes it (`2`, `2.1`, `2.1.0.v2024`: Core 8 §3.2.5) or as SemVer 2.0.0 does (`2.1.0-rc.1+build`).
 * Both in one order: by major, minor, micro; then a SemVer prerelease before the release, and the release before any OSGi
 * qualifier. So each kind is ordered as its own specification says, and a filter compares what a definition writes with what a
 * bundle's manifest writes.
 */
export class Version {
  constructor(
    /** As it was written. */
    readonly text: string,
    readonly numbers: readonly [major: number, minor: number, micro: number],
    /** Of SemVer: dot-separated identifiers; none for a release. */
    readonly prerelease: readonly string[],
    /** Of OSGi; empty when left out. */
    readonly qualifier: string,
  ) {}

  toString(): string {
    return this.text;
  }
}

const NUMBERS = '(0|[1-9]\\d{0,14})';
const OSGI = /^0*(\d{1,15})(?:\.0*(\d{1,15})(?:\.0*(\d{1,15})(?:\.([A-Za-z0-9_-]+))?)?)?$/;
const SEMVER = new RegExp(
  `^${NUMBERS}\\.${NUMBERS}\\.${NUMBERS}(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const MAX_LENGTH = 256;

/** Reads a version; undefined when the text is none. White space around it is no part of it. */
export function parseVersion(written: string): Version | undefined {
  const text = written.trim();
  if (text.length > MAX_LENGTH) return undefined;
  const semver = SEMVER.exec(text);
  if (semver) return new Version(text, numbersOf(semver), semver[4]?.split('.') ?? [], '');
  const osgi = OSGI.exec(text);
  return osgi ? new Version(text, numbersOf(osgi), [], osgi[4] ?? '') : undefined;
}

const numbersOf = ([, major, minor = '0', micro = '0']: RegExpExecArray) =>
  [Number(major), Number(minor), Number(micro)] as const;

/** Less than 0 when `a` is the earlier one. */
export function compareVersions(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const) if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  return comparePrereleases(a.prerelease, b.prerelease) || inOrder(a.qualifier, b.qualifier);
}

/** SemVer 2.0.0 §11: none is later than any; numbers before words; the longer one later. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compareIdentifiers(a[at]!, b[at]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const DIGITS = /^\d+$/;
function compareIdentifiers(a: string, b: string): number {
  const numeric = [DIGITS.test(a), DIGITS.test(b)] as const;
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return (numeric[0] && a.length - b.length) || inOrder(a, b);
}

export const isPrerelease = (version: Version): boolean => version.prerelease.length > 0;
