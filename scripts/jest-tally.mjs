/** A Jest reporter that leaves each project's counts, and its skipped tests by name, for the closing line of `npm test`, which names the folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const clone = fileURLToPath(new URL('../', import.meta.url));

export default class Tally {
  constructor({ rootDir }, { folder = process.env.SLIPWAY_REPORTS } = {}) {
    this.folder = folder;
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
    this.report({
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped,
      finished: true,
    });
  }

  report(counts) {
    if (!this.folder) return;
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, `${this.name}.json`), JSON.stringify({ name: this.name, ...counts }));
  }
}
