/** A Jest reporter that leaves each project's counts, and its skipped and failed tests by name, for the closing line of `npm test`, which names the folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** How long a run may take to exit when all its tests have ended, in ms. */
const EXIT_MS = 30_000;

const clone = fileURLToPath(new URL('../', import.meta.url));

/** One failed test for the end of a long log: where it is, what it is called, and the beginning of why. */
const failureOf = (rootDir, { testFilePath }, name, message = '') =>
  [`${relative(rootDir, testFilePath)} ${name}`, ...stripVTControlCharacters(message).split('\n').slice(0, 12)].join('\n      ');

export default class Tally {
  constructor({ rootDir }, { folder = process.env.SLIPWAY_REPORTS, exitMs = EXIT_MS } = {}) {
    this.folder = folder;
    this.rootDir = rootDir;
    this.exitMs = exitMs;
    this.name = relative(clone, rootDir).replaceAll(/[\\/]/g, '-');
  }

  /** A run that never comes to its end is seen by this. */
  onRunStart() {
    this.report({ passed: 0, failed: 0, skipped: [], finished: false });
  }

  onRunComplete(contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => test.status === 'pending' || test.status === 'todo').map((test) => test.fullName),
    );
    const failures = results.testResults.flatMap((file) => [
      ...(file.testExecError ? [failureOf(this.rootDir, file, 'did not run', file.testExecError.message)] : []),
      ...file.testResults
        .filter((test) => test.status === 'failed')
        .map((test) => failureOf(this.rootDir, file, test.fullName, test.failureMessages[0])),
    ]);
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped,
      failures,
      finished: true,
    };
    this.report(counts);
    // Unreferenced: it comes only where something else is still open, which would keep the run, and all behind it, forever.
    setTimeout(() => this.#endHanging(counts), this.exitMs).unref();
  }

  /** What a test has left open is a failure: it may be the product's. */
  #endHanging(counts) {
    const open = process.getActiveResourcesInfo().join(', ');
    const failure = `did not exit ${this.exitMs / 1000} s after its last test: something is left open (${open})`;
    process.stderr.write(`${failure}\n`);
    this.report({ ...counts, failed: counts.failed + 1, failures: [...counts.failures, failure] });
    process.exit(1);
  }

  report(counts) {
    if (!this.folder) return;
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, `${this.name}.json`), JSON.stringify({ name: this.name, ...counts }));
  }
}
