import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

/** Loaded CommonJS modules of Nest, in a process that has imported it as built. */
const nestLoadedBy = (specifier: string): number => {
  const program = `
    import { createRequire } from 'node:module';
    await import('${specifier}');
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@nestjs')).length);`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    }),
  );
};

test('what drivers are written with loads no service: a driver in a process of its own starts at once', () => {
  expect(nestLoadedBy('@slipway/provisioner')).toBe(0);
  expect(nestLoadedBy('@slipway/provisioner/service')).toBeGreaterThan(0);
}, 60_000);
