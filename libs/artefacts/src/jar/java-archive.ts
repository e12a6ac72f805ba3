import { SlipwayError } from '@slipway/contracts';
import type { JavaArchive, JavaKind } from '../artefact.js';
import { bytesAt, type Content } from '../content.js';
import { isBundle, readBundle } from '../osgi/bundle.js';
import { refused, type Fault } from '../refusal.js';
import { readZip } from '../zip/read-zip.js';
import { MANIFEST, MANIFEST_BYTES, parseManifest, valueOf, type Section } from './manifest.js';

/** Names of Java modules, and what of a file's name may stand for one: nothing that is special in a path. */
const MODULE = /^[A-Za-z0-9_$-]+(?:\.[A-Za-z0-9_$-]+)*$/;
/** `commons-lang3-3.12.0.jar`, as Maven calls its files. */
const VERSIONED = /^(.+?)-(\d[A-Za-z0-9._+-]*)$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

/** Reads a Java archive: a ZIP that may have a manifest. Throws `bad-input` for any other, and for a manifest that cannot be read. */
export async function readJavaArchive(kind: JavaKind, file: string, content: Content): Promise<JavaArchive> {
  if (kind === 'rar' && (await bytesAt(content, 0, 4)).toString('latin1') === 'Rar!')
    throw refused('the archive', 'it is one of the program RAR; a resource adapter is a ZIP');
  const { found } = await readZip(content, (name) => (name === MANIFEST ? MANIFEST_BYTES : undefined));
  const manifest = found.get(MANIFEST);
  return javaArchive(kind, file, manifest ? parseManifest(manifest).main : new Map());
}

/** What its manifest's main section and its file's name say of an archive. */
export function javaArchive(kind: JavaKind, file: string, main: Section): JavaArchive {
  const osgi = isBundle(main) ? osgiOf(main) : undefined;
  const bundle = osgi && 'bundle' in osgi ? osgi.bundle : undefined;
  const stem = file.replace(/\.[^.]*$/, '');
  const [, plain, versionOfFile] = VERSIONED.exec(stem) ?? [];
  const version = bundle?.version ?? matching(VERSION, valueOf(main, 'Implementation-Version')) ?? versionOfFile;
  return {
    kind,
    file,
    name: bundle?.symbolicName ?? matching(MODULE, valueOf(main, 'Automatic-Module-Name')) ?? nameOf(plain ?? stem),
    ...(version !== undefined && { version }),
    ...(osgi && { osgi }),
  };
}

/** Of a file, as a name whose parts are apart by single dots. */
const nameOf = (stem: string): string =>
  stem
    .split('.')
    .filter((part) => part !== '')
    .join('.');

const matching = (pattern: RegExp, text: string | undefined): string | undefined =>
  text !== undefined && pattern.test(text.trim()) ? text.trim() : undefined;

function osgiOf(main: Section): NonNullable<JavaArchive['osgi']> {
  try {
    return { bundle: readBundle(main) };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const fields = error.details!['fields'] as { field: string; reason: string }[];
    return { faults: fields.map(({ field, reason }): Fault => ({ where: field, reason })) };
  }
}
