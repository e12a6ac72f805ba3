import { statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { unlessComingBack } from '../../coming-back.js';
import { writeBundle, type WrittenBundle } from '../../bundle/write-bundle.js';
import { explain, EXIT } from '../../exit.js';
import { describeFinding, findingOf, type Finding } from '../../output/finding.js';
import { print, printValue } from '../../output/format.js';
import { findingOfPaused } from '../../output/pause.js';
import { listRows } from '../list-options.js';
import { connect, dataFolder, gatewayKey, type GlobalOptions } from '../../session.js';

/** Below this much free space the log may soon be unwritable. */
const LITTLE_SPACE = 512 * 1024 * 1024;

/** `slipway doctor`: looks at everything that has to be right, and says what to do about what is not. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .summary('look for what is wrong, and say what to do about it')
    .description(
      'Looks at everything that has to be right, and says what to do about what is not. Exit code: 1 while something\n' +
        'does not work (✗); what works and has something to be mended (!) leaves it 0.\n' +
        'With --bundle it also writes one archive for who is to help: versions, configuration, readiness, figures, the newest\n' +
        'events, requests with trouble and the ends of their logs. No secret is in it, and no file is overwritten.',
    )
    .option('--bundle [file]', 'write what helps to help; slipway-support-<time>.tar.gz when left out')
    .action(async (flags: { bundle?: string | true }, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const findings = [node(), ...folder(options), ...(await mesh(options))];
      const bundle = flags.bundle && (await bundled(flags.bundle, options, findings, program.version()!));
      if (options.output !== 'table') printValue(bundle ? { findings, bundle } : findings, options.output);
      else {
        for (const finding of findings) print(describeFinding(finding));
        if (bundle) print(describe(bundle));
      }
      process.exitCode = findings.every((finding) => finding.ok) ? EXIT.done : EXIT.failed;
    });
}

/** The bundle, in the file that was named or one with the time in its name. */
function bundled(named: string | true, options: GlobalOptions, findings: Finding[], version: string): Promise<WrittenBundle> {
  const file = named === true ? `slipway-support-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.tar.gz` : named;
  const secrets = [gatewayKey(options) ?? ''];
  return writeBundle({ file, version, findings, secrets, connect: () => connect(options) });
}

const describe = ({ file, bytes, files, missing }: WrittenBundle): string =>
  [
    '',
    `${file} (${Math.ceil(bytes / 1024)} KiB), to be given to who is to help. No secret is in it; it holds:`,
    ...files.map(({ name, about }) => `  ${name}: ${about}`),
    ...missing.map(({ name, reason }) => `  not in it: ${name}: ${reason}`),
  ].join('\n');

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
    const paused = await listRows(client.environments, {}, { paused: 'true' });
    return [
      ...checks.map(findingOf),
      ...paused.map(findingOfPaused),
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
    return [{ check: 'gateway', ok: false, found: explain(unlessComingBack(error, options)).text.replaceAll('\n', ' ') }];
  }
}
