import { statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { explain, EXIT } from '../../exit.js';
import { print, printValue } from '../../output/format.js';
import { connect, dataFolder, type GlobalOptions } from '../../session.js';

interface Finding {
  check: string;
  ok: boolean;
  found: string;
  /** What to do about it. */
  hint?: string;
}

/** Below this much free space the log may soon be unwritable. */
const LITTLE_SPACE = 512 * 1024 * 1024;

/** `slipway doctor`: looks at everything that has to be right, and says what to do about what is not. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .summary('look for what is wrong, and say what to do about it')
    .action(async (_flags, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const findings = [node(), ...folder(options), ...(await mesh(options))];
      if (options.output !== 'table') printValue(findings, options.output);
      else
        for (const { check, ok, found, hint } of findings)
          print(`${ok ? '✓' : '✗'} ${check}: ${found}${hint ? `\n    ${hint}` : ''}`);
      process.exitCode = findings.every((finding) => finding.ok) ? EXIT.done : EXIT.failed;
    });
}

const node = (): Finding => ({ check: 'Node', ok: true, found: process.version });

function folder(options: GlobalOptions): Finding[] {
  const path = dataFolder(options);
  try {
    const space = statfsSync(path);
    const free = space.bavail * space.bsize;
    const key = statSync(join(path, 'gateway.key'));
    return [
      { check: 'data folder', ok: true, found: path },
      {
        check: 'free space',
        ok: free > LITTLE_SPACE,
        found: `${Math.round(free / 1024 / 1024)} MiB`,
        ...(free > LITTLE_SPACE ? {} : { hint: 'Make room: without it the log can not be written.' }),
      },
      (key.mode & 0o077) === 0
        ? { check: 'key file', ok: true, found: 'only its owner can read it' }
        : { check: 'key file', ok: false, found: 'others can read it', hint: `chmod 600 ${join(path, 'gateway.key')}` },
    ];
  } catch (error) {
    return [
      {
        check: 'data folder',
        ok: false,
        found: (error as Error).message,
        hint: 'Start the mesh with npm start, or name its folder with --data.',
      },
    ];
  }
}

async function mesh(options: GlobalOptions): Promise<Finding[]> {
  try {
    const client = connect(options);
    const { checks } = await client.ready();
    const attention = await client.requests.list({ filter: { status: 'attention' }, limit: 1 });
    const unhealthy = await client.instances.list({ filter: { health: 'unhealthy' }, limit: 1 });
    return [
      ...checks.map(({ name, ready, reason }): Finding => ({
        check: name,
        ok: ready,
        found: reason ?? (ready ? 'ready' : 'not ready'),
        ...(ready ? {} : { hint: 'See the logs folder in the data folder.' }),
      })),
      attention.items.length
        ? {
            check: 'requests',
            ok: false,
            found: 'some need attention',
            hint: 'npx slipway requests --status attention; then npx slipway retry or npx slipway abandon',
          }
        : { check: 'requests', ok: true, found: 'none needs attention' },
      unhealthy.items.length
        ? { check: 'instances', ok: false, found: 'some are unhealthy', hint: 'npx slipway instances' }
        : { check: 'instances', ok: true, found: 'none is unhealthy' },
    ];
  } catch (error) {
    return [{ check: 'gateway', ok: false, found: explain(error).text.replaceAll('\n', ' ') }];
  }
}
