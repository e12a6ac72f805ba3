import { Range as SemverRange, parse, type SemVer } from 'semver';
import { compareVersions, parseVersion, type Version } from './version.js';

/** Which versions will do: `includes` decides, `text` is how it was written. */
export interface Range {
  text: string;
  includes(version: Version): boolean;
}

const INTERVAL = /^([[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])$/;

/**
 * Reads a range; undefined when the text is none. An interval in brackets (`[1.0,2)`) is OSGi's (Core 8 §3.2.6); everything else
 * is one of SemVer as npm writes it (`^1.2.0`, `>=2`), which takes a prerelease only where it names one. A bare version means
 * exactly that one: "at least", as OSGi has it, is written `>=1.2` here, or `(version>=1.2)` in a filter.
 */
export function parseRange(written: string): Range | undefined {
  const text = written.trim();
  if (text.startsWith('[') || text.startsWith('(')) return parseInterval(text);
  const range = readSemverRange(text);
  const includes = (version: Version) => {
    const semver = asSemver(version);
    return semver !== null && range!.test(semver);
  };
  return range && { text, includes };
}

function readSemverRange(text: string): SemverRange | undefined {
  try {
    return new SemverRange(text);
  } catch {
    return undefined;
  }
}

function parseInterval(text: string): Range | undefined {
  const [, open, low, high, close] = INTERVAL.exec(text) ?? [];
  const floor = low === undefined ? undefined : parseVersion(low);
  const ceiling = high === undefined ? undefined : parseVersion(high);
  if (!floor || !ceiling) return undefined;
  return {
    text,
    includes: (version) => {
      const above = compareVersions(version, floor);
      const below = compareVersions(version, ceiling);
      return (open === '[' ? above >= 0 : above > 0) && (close === ']' ? below <= 0 : below < 0);
    },
  };
}

const read = new WeakMap<Version, SemVer | null>();

/** A qualified version counts as its release: SemVer has nothing behind a release. Null where its numbers are larger than SemVer has them. */
function asSemver(version: Version): SemVer | null {
  const known = read.get(version);
  if (known !== undefined) return known;
  const { numbers, prerelease } = version;
  const found = parse(prerelease.length > 0 ? `${numbers.join('.')}-${prerelease.join('.')}` : numbers.join('.'));
  read.set(version, found);
  return found;
}
