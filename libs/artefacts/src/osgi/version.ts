/**
 * A version of OSGi Core 8 §3.2.5: `1`, `1.2`, `1.2.3`, `1.2.3.v2024`. Definitions may have those of SemVer too; a bundle's headers
 * may not, so this is the stricter reading.
 */
export interface OsgiVersion {
  numbers: readonly [major: number, minor: number, micro: number];
  qualifier: string;
}

/** The largest number in a version: Java's `int`. */
const LARGEST = 2 ** 31 - 1;
const VERSION = /^(\d{1,10})(?:\.(\d{1,10})(?:\.(\d{1,10})(?:\.([A-Za-z0-9_-]+))?)?)?$/;
const RANGE = /^([[(])([^,]*),([^,]*)([\])])$/;

/** Undefined when the text is none. White space around it is no part of it. */
export function parseOsgiVersion(text: string): OsgiVersion | undefined {
  const found = VERSION.exec(text.trim());
  if (!found) return undefined;
  const numbers = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)] as const;
  return numbers.every((number) => number <= LARGEST) ? { numbers, qualifier: found[4] ?? '' } : undefined;
}

/** In the one full spelling of it, in which equal versions are equal texts: `1` is `1.0.0`. */
export const versionText = ({ numbers, qualifier }: OsgiVersion): string =>
  [...numbers, ...(qualifier ? [qualifier] : [])].join('.');

/** A range of OSGi Core 8 §3.2.6. */
export interface OsgiRange {
  floor: OsgiVersion;
  floorIncluded: boolean;
  /** Left out: without end. */
  ceiling?: { version: OsgiVersion; included: boolean };
}

/** `[1.0,2)`, or a version from which on all will do. Undefined when the text is none. */
export function parseOsgiRange(written: string): OsgiRange | undefined {
  const text = written.trim();
  const least = parseOsgiVersion(text);
  if (least) return { floor: least, floorIncluded: true };
  const [, open, low, high, close] = RANGE.exec(text) ?? [];
  const [floor, version] = [parseOsgiVersion(low ?? ''), parseOsgiVersion(high ?? '')];
  if (!floor || !version) return undefined;
  return { floor, floorIncluded: open === '[', ceiling: { version, included: close === ']' } };
}

/** As the operations of a filter on an attribute, none where every version will do (Core 8 §3.2.6, `VersionRange.toFilterString`). */
export function rangeOperations(attribute: string, { floor, floorIncluded, ceiling }: OsgiRange): string[] {
  const low = versionText(floor);
  const isAny = floorIncluded && low === '0.0.0';
  return [
    ...(isAny ? [] : [floorIncluded ? `(${attribute}>=${low})` : `(!(${attribute}<=${low}))`]),
    ...(ceiling
      ? [
          ceiling.included
            ? `(${attribute}<=${versionText(ceiling.version)})`
            : `(!(${attribute}>=${versionText(ceiling.version)}))`,
        ]
      : []),
  ];
}
