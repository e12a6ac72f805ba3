/**
 * What `npm start` can be told. Read by scripts/start.mjs before anything is installed or built, on any Node from 18 on, and
 * by slipwayd itself: built-in modules only.
 */
import { parseArgs } from 'node:util';

/** A mistake in the options: shown as it is, exit code 2. */
export class UsageError extends Error {}

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['0', 'false', 'no', 'off'];

/** Reads options, the command line before the environment; throws {@link UsageError} with what is wrong, and the way out. */
export function readOptions(args, env) {
  const { values } = parse(args);
  const port = values.port ?? env.SLIPWAY_PORT;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535)) {
    throw new UsageError(
      `${values.port === undefined ? 'SLIPWAY_PORT' : '--port'} must be a number from 0 to 65535, not "${port}".`,
    );
  }
  const data = values.data ?? env.SLIPWAY_DATA;
  if (data === '') throw new UsageError('--data must name a folder, not be empty.');
  const switched = {
    sample: isOn('SLIPWAY_SAMPLE', env),
    processes: isOn('SLIPWAY_PROCESSES', env),
    detach: isOn('SLIPWAY_DETACH', env),
    yes: isOn('SLIPWAY_YES', env),
  };
  return {
    ...(data !== undefined && { data }),
    ...(port !== undefined && { port: Number(port) }),
    profile: values.profile ?? env.SLIPWAY_PROFILE ?? 'dev',
    sample: !values['no-sample'] && (switched.sample ?? true),
    processes: values.processes ?? switched.processes ?? false,
    detach: values.detach ?? switched.detach ?? false,
    yes: values.yes ?? switched.yes ?? false,
  };
}

/** What a variable switches; nothing when it is not set. Another word than the usual ones is refused, never taken for "off". */
function isOn(name, env) {
  const word = env[name] ?? '';
  if (word === '') return undefined;
  if (ON.includes(word.toLowerCase())) return true;
  if (OFF.includes(word.toLowerCase())) return false;
  throw new UsageError(`${name} must be one of ${ON.join(', ')}, or one of ${OFF.join(', ')}, not "${word}".`);
}

function parse(args) {
  try {
    return parseArgs({
      args,
      strict: true,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        profile: { type: 'string' },
        'no-sample': { type: 'boolean' },
        processes: { type: 'boolean' },
        detach: { type: 'boolean' },
        yes: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error.message.split('.')[0]}. See npm start -- --help.`);
  }
}
