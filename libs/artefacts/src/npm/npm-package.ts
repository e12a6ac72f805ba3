import { createGunzip } from 'node:zlib';
import { valid } from 'semver';
import type { NpmPackage } from '../artefact.js';
import { streamOf, type Content } from '../content.js';
import { refused, shown } from '../refusal.js';
import { fileOfTar } from '../tar/file-of-tar.js';

const NAME = /^(?=.{1,214}$)(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const PACKAGE_JSON = 'package.json';
const LONGEST = 1024 ** 2;

/**
 * Reads what `npm pack` has made: a tar, compressed by gzip, of one folder (`package`, or another one) with `package.json` in it.
 * Throws `bad-input` for anything else.
 */
export async function readNpmPackage(file: string, content: Content): Promise<NpmPackage> {
  const isPackageJson = (name: string) => /^[^/]+\/package\.json$/.test(name);
  const bytes = await fileOfTar(streamOf(content), createGunzip(), isPackageJson, LONGEST);
  if (!bytes) throw refused(PACKAGE_JSON, 'there is none in the folder that a package of npm has');
  return { kind: 'npm', file, ...parsePackageJson(bytes.toString()) };
}

/** Name and version of a `package.json`, and what it needs beside it. Throws `bad-input` that names the field. */
export function parsePackageJson(text: string): Pick<NpmPackage, 'name' | 'version' | 'needs'> {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw refused(PACKAGE_JSON, 'it is no JSON');
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw refused(PACKAGE_JSON, 'it is no object');
  const { name, version } = json as { name?: unknown; version?: unknown };
  if (typeof name !== 'string' || !NAME.test(name))
    throw refused(
      `${PACKAGE_JSON}: name`,
      `${said(name)}: a package has a name of lower-case letters, digits and - . _ ~, maybe with a scope`,
    );
  if (typeof version !== 'string' || valid(version) === null)
    throw refused(`${PACKAGE_JSON}: version`, `${said(version)}: a package has a semantic version such as "1.0.0"`);
  const needs = missingIn(json as Record<string, unknown>);
  return { name, version: valid(version)!, ...(needs.length > 0 && { needs }) };
}

/** Dependencies that are not bundled: `bundleDependencies` are names, or all where it is `true`, and may be written with a d. */
function missingIn({ dependencies, bundleDependencies, bundledDependencies }: Record<string, unknown>): string[] {
  const names =
    dependencies !== null && typeof dependencies === 'object' ? Object.keys(dependencies).filter((one) => NAME.test(one)) : [];
  const bundled = bundleDependencies ?? bundledDependencies;
  if (bundled === true) return [];
  return names.filter((one) => !(Array.isArray(bundled) && bundled.includes(one)));
}

const said = (value: unknown): string => {
  if (value === undefined) return 'it is not there';
  return typeof value === 'string' ? `it is ${shown(value)}` : 'it is no text';
};
