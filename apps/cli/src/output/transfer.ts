import type { TransferProgress } from '@slipway/client';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12.3 MiB` */
export function inBytes(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return unit === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}

/** Between two lines on what is no terminal, and two drawings on one, in ms. */
const PAUSE = { plain: 5_000, live: 100 };

/** Tells how a transfer goes on, with its rate: in one line that is drawn again, or where no terminal is, in a line now and then. */
export function transferView(what: string, stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr) {
  const live = stream.isTTY && process.env.TERM !== 'dumb';
  let toldAt = -Infinity;
  let newest: TransferProgress | undefined;
  const tell = () => {
    if (!newest) return;
    const { bytes, total, bytesPerSecond } = newest;
    const line = `${what}: ${inBytes(bytes)}${total === undefined ? '' : ` of ${inBytes(total)}`}, ${inBytes(Math.round(bytesPerSecond))}/s`;
    stream.write(live ? `\r\u001b[K${line}` : `${line}\n`);
    newest = undefined;
  };
  return {
    update(progress: TransferProgress): void {
      newest = progress;
      if (performance.now() - toldAt < (live ? PAUSE.live : PAUSE.plain)) return;
      toldAt = performance.now();
      tell();
    },
    /** Tells how it stood at the end. */
    end(): void {
      tell();
      if (live) stream.write('\n');
    },
  };
}
