import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DRIVER_VERBS, SlipwayError, type ResourceKind } from '@slipway/contracts';
import { wayBelow } from '@slipway/interfaces';
import type { ProvisionersConfig } from '@slipway/mesh';
import type { Driver } from '../driver.js';
import { KIT, type PackagedDrivers } from './kit.js';

/** Where packages are installed unless it is configured: this clone, `libs/provisioner/{src,dist}/package` is four folders deep in it. */
const ROOT = resolve(import.meta.dirname, '../../../..');

/** How long a package may take to load, in ms. */
const LOAD_MS = 20_000;

/** The drivers of a kind that packages bring, and why some of them are not here. */
export interface Packaged {
  drivers: Driver[];
  problems: string[];
}

/**
 * Loads what the configured provisioners' packages bring for a kind. A package that cannot be loaded is told and keeps nobody
 * from starting: its driver is then not announced, and readiness names it. Throws `config-invalid` where two bring the same driver.
 */
export async function packagedDrivers(
  { hosts, folder = ROOT }: ProvisionersConfig,
  kind: ResourceKind,
  loadMs = LOAD_MS,
): Promise<Packaged> {
  const found: Packaged = { drivers: [], problems: [] };
  const broughtBy = new Map<string, string>();
  for (const [name, { package: from, provides }] of Object.entries(hosts)) {
    const wanted = provides[kind];
    if (from === undefined || wanted === undefined || wanted === kind) continue;
    const other = broughtBy.get(wanted);
    broughtBy.set(wanted, from);
    if (other === from) continue;
    if (other !== undefined) throw broughtTwice(kind, wanted, `the package ${other}`, from);
    try {
      const drivers = await driversOf(from, folder, loadMs);
      const driver = drivers.find((one) => one.kind === kind && one.name === wanted);
      if (!driver) throw new Error(`it has no ${kind} driver ${wanted}; it has ${listed(drivers)}`);
      found.drivers.push(driver);
    } catch (error) {
      found.problems.push(`The package ${from} of the provisioner ${name} cannot be used: ${(error as Error).message}`);
    }
  }
  return found;
}

/** Throws `config-invalid` where a package brings a driver that is here already: nobody could say which one a place means. */
export function assertOnce(own: readonly Driver[], { drivers }: Packaged): void {
  const twice = drivers.find(({ name }) => own.some((one) => one.name === name));
  if (twice) throw broughtTwice(twice.kind, twice.name, 'Slipway itself', 'a package (provisioners.hosts)');
}

const broughtTwice = (kind: ResourceKind, name: string, by: string, other: string): SlipwayError =>
  new SlipwayError(
    'config-invalid',
    `The ${kind} driver ${name} is brought by ${by} and by ${other}: one of them needs another name`,
    {
      kind,
      driver: name,
    },
  );

/** One that waits for something at its top for ever keeps nobody from starting. */
async function inTime<T>(loading: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not loaded within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function driversOf(name: string, folder: string, loadMs: number): Promise<readonly Driver[]> {
  const manifest = findPackageJSON(name, pathToFileURL(join(folder, 'package.json')));
  if (manifest === undefined) throw new Error(`it is not installed in ${folder}`);
  const { slipway } = JSON.parse(await readFile(manifest, 'utf8')) as { slipway?: { provisioner?: unknown } };
  const file = slipway?.provisioner;
  if (typeof file !== 'string') throw new Error('its package.json names no module in slipway.provisioner');
  const path = resolve(dirname(manifest), file);
  if (wayBelow(dirname(manifest), path) === undefined) throw new Error(`${file} is not a file of the package`);
  const { drivers } = (await inTime(import(pathToFileURL(path).href), loadMs)) as { drivers?: PackagedDrivers };
  if (typeof drivers !== 'function') throw new Error(`${file} exports no function drivers`);
  const made = drivers(KIT) as readonly Driver[];
  for (const driver of made) assertDriver(driver);
  return made;
}

/** What every driver has; what it can beyond that are its own interfaces. */
const METHODS = ['ensure', 'inspect', 'destroy', 'marks'] as const;

function assertDriver(driver: Driver): void {
  const missing = METHODS.filter((method) => typeof driver[method] !== 'function');
  if (missing.length > 0)
    throw new Error(`its driver ${driver.name} lacks ${missing.join(', ')}, which ${DRIVER_VERBS[0]} needs`);
}

const listed = (drivers: readonly Driver[]): string => drivers.map(({ kind, name }) => `${kind}/${name}`).join(', ') || 'none';
