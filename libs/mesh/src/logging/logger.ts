import { pino, type DestinationStream, type Logger } from 'pino';
import { knownContext } from '../context/context.js';
import { lines } from './lines.js';

export interface LoggerOptions {
  level: string;
  /** `auto`: lines when standard output is a terminal, else JSON. */
  format: 'auto' | 'lines' | 'json';
  /** Standard output when left out. */
  destination?: DestinationStream;
}

/** Names under which a secret may turn up; their values never reach a log, three levels deep. */
const SECRET_NAMES = ['password', 'passwd', 'secret', 'token', 'apiKey', 'authorization', 'cookie', 'credential', 'credentials'];
const REDACTED = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * The process's logger: one JSON object per line (or a line for people), with the request ids, actor, token and trace of
 * the context in which it is written. Services have children of it that add `service` and `replica`.
 */
export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  const target = destination ?? pino.destination({ dest: 1, sync: true });
  const pretty = format === 'lines' || (format === 'auto' && destination === undefined && process.stdout.isTTY);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[secret]' },
      mixin: () => {
        const context = knownContext();
        if (!context) return {};
        const { correlationId, requestId, actor, logToken, trace } = context;
        return { correlationId, requestId, actor: `${actor.type}:${actor.id}`, logToken, trace };
      },
    },
    pretty ? lines(target) : target,
  );
}
