import { parseArgs } from 'node:util';

/** What `npm start` can be told, on the command line or in the environment; the command line wins. */
export interface Options {
  /** Left out: what the profile says. */
  data?: string;
  port?: number;
  profile: string;
  sample: boolean;
  processes: boolean;
  detach: boolean;
}

/** A mistake in the options: shown as it is, exit code 2. */
export class UsageError extends Error {}

const isOn = (value: string | undefined): boolean =>
  value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
const isOff = (value: string | undefined): boolean =>
  value !== undefined && ['0', 'false', 'no', 'off'].includes(value.toLowerCase());

/** Reads options; throws {@link UsageError} naming the option, what is wrong, and the way out. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parse(args);
  const port = values.port ?? env.SLIPWAY_PORT;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535)) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${port}".`);
  }
  const data = values.data ?? env.SLIPWAY_DATA;
  if (data === '') throw new UsageError('--data must name a folder, not be empty.');
  return {
    ...(data !== undefined && { data }),
    ...(port !== undefined && { port: Number(port) }),
    profile: values.profile ?? env.SLIPWAY_PROFILE ?? 'dev',
    sample: !values['no-sample'] && !isOff(env.SLIPWAY_SAMPLE),
    processes: values.processes ?? isOn(env.SLIPWAY_PROCESSES),
    detach: values.detach ?? isOn(env.SLIPWAY_DETACH),
  };
}

function parse(args: string[]) {
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
    throw new UsageError(`${(error as Error).message.split('.')[0]}. See npm start -- --help.`);
  }
}
