import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleModel } from './bundle-models.js';
import { LinesOf } from './lines-of.js';
import { requireFiles, Skipped } from './skipped.js';

const JARS = {
  '/usr/share/java/osgi.core.jar': 'libosgi-core-java',
  '/usr/share/java/osgi.annotation.jar': 'libosgi-annotation-java',
  '/usr/share/java/felix-resolver.jar': 'libfelix-resolver-java',
};
const HARNESS = fileURLToPath(new URL('../java/FelixHarness.java', import.meta.url));

export interface FelixAnswer {
  outcome: 'resolved' | 'unresolvable' | 'undecided';
  milliseconds: number;
  /** `name@version` of all that there is then; `@0` is who asked. */
  bundles: string[];
  /** Which import (from 0) of a bundle is wired to which export (from 1; 0 is the bundle itself) of another. */
  wires: { from: string; import: number; to: string; export: number }[];
}

/** The resolver of Apache Felix, in a Java process of its own. */
export class Felix {
  #process: LinesOf | undefined;
  #loaded: BundleModel | undefined;

  private constructor(private readonly classes: string) {}

  /** Compiles the harness. Throws {@link Skipped} where there is no Felix or no compiler. */
  static prepare(): Felix {
    requireFiles(JARS);
    const classes = mkdtempSync(join(tmpdir(), 'slipway-bench-felix-'));
    const { error, status, stderr } = spawnSync('javac', ['-cp', Object.keys(JARS).join(':'), '-d', classes, HARNESS], {
      encoding: 'utf8',
    });
    if (status === 0) return new Felix(classes);
    rmSync(classes, { recursive: true });
    if (error) throw new Skipped('no javac here (Debian: default-jdk-headless)');
    throw new Error(`The harness does not compile: ${stderr}`);
  }

  /** Resolves a model once; `undecided` when that takes longer than so many milliseconds. */
  async resolve(model: BundleModel, milliseconds = 60_000): Promise<FelixAnswer> {
    const load = this.#loaded === model && this.#process ? '' : inLines(model);
    this.#loaded = model;
    this.#process ??= new LinesOf('java', ['-Xmx3g', '-cp', [this.classes, ...Object.keys(JARS)].join(':'), 'FelixHarness']);
    const line = await this.#process.ask(`${load}run\n`, milliseconds);
    if (line === undefined) {
      this.#process = undefined;
      return { outcome: 'undecided', milliseconds, bundles: [], wires: [] };
    }
    const [outcome, nanoseconds, ...words] = line.split('\t') as [FelixAnswer['outcome'], string, ...string[]];
    const told = words.filter((word) => word !== '').map((word) => word.split('>') as [string, string, string, string]);
    return {
      outcome,
      milliseconds: Number(nanoseconds) / 1e6,
      bundles: told.filter(([, at]) => at === '').map(([bundle]) => bundle),
      wires: told
        .filter(([, at]) => at !== '')
        .map(([from, at, to, offer]) => ({ from, import: Number(at), to, export: Number(offer) })),
    };
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    rmSync(this.classes, { recursive: true });
  }
}

const line = (...words: (string | number | boolean)[]): string => `${words.join('\t')}\n`;

const inLines = ({ bundles, asked }: BundleModel): string =>
  [
    line('clear'),
    ...bundles.flatMap(({ name, version, exports = [], imports = [] }) => [
      line('bundle', name, version),
      ...exports.map((one) => line('export', one.name, one.version, (one.uses ?? []).join(','))),
      ...imports.map((one) => line('import', one.name, one.from ?? '', one.below ?? '', one.optional ?? false)),
    ]),
    line('bundle', '', 0),
    ...asked.map((name) => line('need', name)),
  ].join('');
