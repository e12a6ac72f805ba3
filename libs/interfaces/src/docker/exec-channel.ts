import type { Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import type { ShellChannel } from '../shell/shell-host.js';
import { Frames, type Frame } from './frames.js';

/**
 * Input and outputs of a program in a container, over the connection that an engine has handed over for it. Of two outputs that come over one
 * connection who is not read holds up the other.
 */
export class ExecChannel extends Duplex implements ShellChannel {
  readonly stderr: Readable;
  readonly #frames = new Frames();
  readonly #wants = { stdout: true, stderr: true };
  #isOver = false;
  #isGivenUp = false;

  /** `told` is called when all output has come and was read, or when nobody wants it any more: then the channel closes. */
  constructor(
    private readonly socket: Socket,
    told: () => Promise<void>,
  ) {
    super({ autoDestroy: false });
    this.stderr = new Readable({ read: () => this.#wanted('stderr') });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => {});
    socket.once('end', () => this.#over()).once('close', () => this.#over());
    const read = [this, this.stderr].map((output) => new Promise<void>((resolve) => void output.once('end', resolve)));
    void Promise.all(read)
      .then(told)
      .finally(() => this.destroy());
  }

  /** It was closed here: what became of the program is not waited for. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  close(): void {
    this.#isGivenUp = true;
    this.socket.destroy();
    this.#over();
  }

  override _read(): void {
    this.#wanted('stdout');
  }

  /** What the program does not take any more is its own business. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.socket.writable) this.socket.write(chunk, () => done());
    else done();
  }

  override _final(done: () => void): void {
    if (this.socket.writable) this.socket.end(() => done());
    else done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    this.stderr.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    for (const { from, content } of this.#frames.take(chunk)) {
      this.#wants[from] = from === 'stderr' ? this.stderr.push(content) : this.push(content);
      if (!this.#wants[from]) this.socket.pause();
    }
  }

  #wanted(output: Frame['from']): void {
    this.#wants[output] = true;
    if (this.#wants.stdout && this.#wants.stderr) this.socket.resume();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.push(null);
    this.stderr.push(null);
  }
}
