import { Readable } from 'node:stream';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { Data } from '../driver.js';
import { streamed } from '../step/data.js';

const PIECE = 32 * 1024;

/** Called before each effect at the place, with its name; what it throws is what the driver gets instead of the effect. */
export type BeforeEffect = (name: string) => Promise<void>;

const CHANGES = ['writeFile', 'mkdir', 'rename', 'chmod', 'chown', 'remove', 'unpack'] as const;

/** The same data in small pieces, with a hook before each, so that something can happen in the middle of reading them. */
export const withPieces = (data: Data, before: BeforeEffect, filesystem: Filesystem): Data => {
  const open = async () => {
    const content = await data.open();
    async function* pieces() {
      for await (const piece of content as AsyncIterable<Buffer>) {
        for (let at = 0; at < piece.length; at += PIECE) {
          await before('read a piece of the data');
          yield piece.subarray(at, at + PIECE);
        }
      }
    }
    return Readable.from(pieces(), { objectMode: false });
  };
  return streamed({ ...data, open }, filesystem);
};

/** The same interfaces, with a hook before everything that may change the place. What only reads passes. */
export function withEffects<T extends { command: Command; filesystem: Filesystem; changing(what: string): Promise<void> }>(
  place: T,
  before: BeforeEffect,
): T {
  const filesystem = { ...place.filesystem };
  for (const name of CHANGES) {
    const effect = place.filesystem[name] as (...args: unknown[]) => Promise<void>;
    filesystem[name] = async (...args: unknown[]) => {
      await before(`${name} ${String(args[0])}`);
      return effect(...args);
    };
  }
  const { command } = place;
  return {
    ...place,
    filesystem,
    async changing(what) {
      await before(what);
      return place.changing(what);
    },
    command: {
      async exec(line, options) {
        await before(`exec ${line[0]}`);
        return command.exec(line, options);
      },
      async execOrThrow(line, options) {
        await before(`exec ${line[0]}`);
        return command.execOrThrow(line, options);
      },
      async spawnDetached(line, options) {
        await before(`spawn ${line[0]}`);
        return command.spawnDetached(line, options);
      },
    },
  };
}
