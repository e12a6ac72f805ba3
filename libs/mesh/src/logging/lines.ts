import type { DestinationStream } from 'pino';

/** In every record, and of no use to somebody who watches. */
const QUIET = new Set(['time', 'level', 'msg', 'service', 'replica', 'err', 'actor', 'trace', 'correlationId']);

/** A destination that turns pino's JSON into lines for people: `12:30:00.123 warn  storage  It took long {ms=8}`. */
export function lines(target: DestinationStream): DestinationStream {
  return {
    write(json: string) {
      const record = JSON.parse(json) as Record<string, unknown> & { time: string; level: string; err?: { stack?: string } };
      const rest = Object.entries(record)
        .filter(([name]) => !QUIET.has(name))
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
      const head = `${record.time.slice(11, 23)} ${record.level.padEnd(5)} ${printable(record['service']).padEnd(12)} ${printable(record['msg'])}`;
      const stack = record.err?.stack === undefined ? '' : `\n${record.err.stack}`;
      target.write(`${head}${rest.length > 0 ? ` {${rest.join(' ')}}` : ''}${stack}\n`);
    },
  };
}

const printable = (value: unknown): string => (typeof value === 'string' ? value : '');
