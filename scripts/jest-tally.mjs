/** A Jest reporter that leaves each project's counts, and its skipped tests by name, for the closing line of `npm test`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../reports/', import.meta.url));

export default class Tally {
  onRunComplete(contexts, results) {
    const root = [...contexts][0]?.config.rootDir ?? process.cwd();
    const name = `${basename(dirname(root))}-${basename(root)}`;
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => test.status === 'pending' || test.status === 'todo').map((test) => test.fullName),
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      `${folder}${name}.json`,
      JSON.stringify({
        name,
        passed: results.numPassedTests,
        failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
        skipped,
      }),
    );
  }
}
