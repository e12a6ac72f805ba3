import { hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

/** How far a log had come, as far as this file knows. */
export interface Head {
  logId: string;
  epoch: number;
  position: number;
}

const LENGTH = 128;

/**
 * A small file beside the log, written after each commit without fsync. A log that ends before what stands here has lost
 * its tail (a cut file, a cut WAL, an older copy put in its place), which SQLite itself cannot see. It never says more
 * than what was committed; after a power cut it may say less.
 */
export class HeadFile {
  private readonly fd: number;
  private readonly bytes = Buffer.alloc(LENGTH);

  constructor(file: string) {
    this.fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** `null` when it is empty or half written. */
  read(): Head | null {
    const length = readSync(this.fd, this.bytes, 0, LENGTH, 0);
    return parse(this.bytes.toString('latin1', 0, length));
  }

  /** Notes a head, unless another process has noted a later one. */
  advance(head: Head): void {
    const noted = this.read();
    if (noted && noted.logId === head.logId && noted.epoch === head.epoch && noted.position >= head.position) return;
    this.write(head);
  }

  write(head: Head): void {
    writeSync(this.fd, format(head), 0, 'latin1');
  }

  close(): void {
    closeSync(this.fd);
  }
}

function format({ logId, epoch, position }: Head): string {
  const text = `slipway-head ${logId} ${epoch} ${position} `;
  return `${text}${check(text)}`.padEnd(LENGTH - 1) + '\n';
}

function parse(line: string): Head | null {
  const [, text, logId, epoch, position, sum] = /^(slipway-head (\S+) (\d+) (\d+) )(\S+) *\n$/.exec(line) ?? [];
  if (!text || sum !== check(text)) return null;
  return { logId: logId!, epoch: Number(epoch), position: Number(position) };
}

const check = (text: string) => hash('sha256', text, 'hex').slice(0, 16);
