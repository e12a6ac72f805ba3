/**
 * What `npm test` says at its end.
 * @param {{name: string, passed: number, failed: number, skipped: string[], failures?: string[], finished?: boolean}[]} reports
 *   one of each project and check; `failures` name what failed and say why; `finished: false` where a project's tests began and
 *   never came to their end.
 * @param {boolean} green whether every project's run ended well
 * @returns {{lines: string[], ok: boolean}} the last line is `N passed, N failed, N skipped`
 */
export function tally(reports, green) {
  const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
  const broken = reports.filter((report) => report.finished === false);
  const skipped = reports.flatMap(({ name, skipped: tests }) => tests.map((test) => `  - ${name}: ${test}`));
  const failures = reports.flatMap(({ name, failures: tests = [] }) => tests.map((test) => `  - ${name}: ${test}`));
  const unexplained = skipped.filter((test) => !test.includes('(skipped: '));
  const passed = sum((report) => report.passed);
  // What ended badly without saying so counts as one failure.
  const silent = broken.length || (green || sum((report) => report.failed) > 0 ? 0 : 1);
  const failed = sum((report) => report.failed) + silent + unexplained.length;
  return {
    lines: [
      ...(skipped.length ? ['Skipped, each with its reason in its name:', ...skipped, ''] : []),
      ...(unexplained.length
        ? ['Skipped without "(skipped: <reason>)" in its name, which counts as failed:', ...unexplained, '']
        : []),
      ...(failures.length ? ['Failed:', ...failures, ''] : []),
      ...broken.map(({ name }) => `${name} ended before its tests had: see its output above.`),
      ...(silent && !broken.length ? ['A project ended badly without a failing test: see the output above.'] : []),
      `${passed} passed, ${failed} failed, ${skipped.length} skipped`,
    ],
    ok: green && failed === 0,
  };
}
