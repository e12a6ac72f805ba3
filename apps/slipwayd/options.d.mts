/** What `npm start` can be told, on the command line or in the environment; the command line wins. */
export interface Options {
  /** Left out: what the profile says. */
  data?: string;
  port?: number;
  profile: string;
  sample: boolean;
  processes: boolean;
  detach: boolean;
  /** The system's package manager may be used through sudo. */
  yes: boolean;
}

export class UsageError extends Error {}

export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options;
