/** What every project's tests run with: ESM, the decorators Nest needs, sources instead of builds (`development`). */
import { fileURLToPath } from 'node:url';

export default {
  testEnvironment: 'node',
  rootDir: process.cwd(),
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'nodenext' },
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['development', 'node', 'node-addons'] },
  setupFiles: ['reflect-metadata'],
  // It ends what hangs: a machine that is busy with something else is no failure.
  testTimeout: 60_000,
  reporters: ['default', fileURLToPath(new URL('./scripts/jest-tally.mjs', import.meta.url))],
};
