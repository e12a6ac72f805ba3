import { zipOf } from './zip.js';

const LONGEST_LINE = 72;

/** A manifest's text: lines of at most 72 bytes, continued also in the middle of a character (JAR File Specification). */
export function manifestBytes(
  main: readonly (readonly [name: string, value: string])[],
  entries: Record<string, readonly (readonly [string, string])[]> = {},
): Buffer {
  const sections = [main, ...Object.entries(entries).map(([name, section]) => [['Name', name] as const, ...section])];
  return Buffer.concat(
    sections.flatMap((section) => [...section.map(([name, value]) => wrapped(`${name}: ${value}`)), Buffer.from('\r\n')]),
  );
}

function wrapped(text: string): Buffer {
  const bytes = Buffer.from(text);
  const pieces = [bytes.subarray(0, LONGEST_LINE), Buffer.from('\r\n')];
  for (let at = LONGEST_LINE; at < bytes.length; at += LONGEST_LINE - 1)
    pieces.push(Buffer.from(' '), bytes.subarray(at, at + LONGEST_LINE - 1), Buffer.from('\r\n'));
  return Buffer.concat(pieces);
}

/** A Java archive with these headers and files. */
export const jarOf = (headers: Record<string, string> = {}, files: Record<string, string> = {}): Buffer =>
  zipOf([
    { name: 'META-INF/', method: 0, mode: 0o040755 },
    { name: 'META-INF/MANIFEST.MF', data: manifestBytes([['Manifest-Version', '1.0'], ...Object.entries(headers)]) },
    ...Object.entries(files).map(([name, data]) => ({ name, data })),
  ]);

/** Headers of a bundle, with others laid over them. */
export const bundleHeaders = (over: Record<string, string> = {}): Record<string, string> => ({
  'Bundle-ManifestVersion': '2',
  'Bundle-SymbolicName': 'org.example.shop',
  'Bundle-Version': '1.2.3',
  ...over,
});
