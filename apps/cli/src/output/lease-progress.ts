import type { LeaseView } from '@slipway/contracts/http';
import { cut } from './format.js';
import { printable } from './printable.js';

/** Where a lease stands that is not usable yet: its place, what it waits for, and when it may be. One line. */
export function describeLease({ id, status, standing, reason }: LeaseView): string {
  const place = standing?.place === undefined ? [] : [`place ${standing.place}`];
  const why = standing?.reasons.length ? standing.reasons : reason === undefined ? [] : [reason];
  const estimate =
    standing?.estimate === undefined ? [] : [`perhaps from ${standing.estimate.slice(0, 19).replace('T', ' ')} UTC`];
  const told = [...place, ...why, ...estimate].map((text) => printable(text.replaceAll(/\s*\n\s*/g, ' / '))).join('; ');
  return `lease ${id} ${status}${told && `: ${told}`}`;
}

/** Shows a lease while it is waited for: on a terminal in one line that is drawn again, else a line for each change. */
export function leaseProgress(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'> = process.stderr) {
  const live = stream.isTTY && process.env.TERM !== 'dumb';
  let drawn = '';
  return {
    update(lease: LeaseView): void {
      const line = describeLease(lease);
      if (line === drawn) return;
      drawn = line;
      stream.write(live ? `\r\u001b[K${cut(line, stream.columns > 1 ? stream.columns - 1 : Infinity)}` : `${line}\n`);
    },
    /** Leaves what was drawn on the screen. */
    end(): void {
      if (live && drawn !== '') stream.write('\n');
    },
  };
}
