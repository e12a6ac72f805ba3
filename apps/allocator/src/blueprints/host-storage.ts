import { Readable, Transform, pipeline } from 'node:stream';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import { assertRoom, type Filesystem } from '@slipway/interfaces';
import type { MadeResource } from '../blueprint/blueprint.js';
import { declared } from '../blueprint/kit/declared.js';
import { heldHost } from '../blueprint/kit/held-host.js';
import { hostOn } from '../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import type { OnPlace } from '../blueprint/kit/on-place.js';
import { optionsOf } from '../blueprint/kit/options.js';

interface Options {
  mostMiB: number;
  host: JsonObject;
}
const OPTIONS = { mostMiB: { type: 'integer', minimum: 1, default: 10_240 }, host: { type: 'object', default: {} } };
const USUAL_MIB = 1_024;
const MIB = 1024 * 1024;

const bytesOf = ({ attributes }: MadeResource): number => Number(attributes['sizeMiB']) * MIB;

/**
 * A folder of a size on a leased host, empty for everybody who leases it. It is made where there is room for it, and takes no more than its size.
 * Options: `mostMiB`, `host` (attributes of the host). Attribute: `sizeMiB`.
 */
export const hostStorage: BlueprintMaker = (settings) => {
  const writing = new OneByOne();
  const { mostMiB, host } = optionsOf<Options>(settings, OPTIONS);
  return declared(
    settings,
    {
      type: 'storage',
      interfaces: ['filesystem'],
      attributes: { sizeMiB: { default: Math.min(USUAL_MIB, mostMiB), from: 1, to: mostMiB } },
      needs: { host: { type: 'host', attributes: host } },
    },
    hostOn(heldHost, {
      async fill(staging, resource, { filesystem }) {
        assertRoom('where the host has its files', bytesOf(resource), await filesystem.freeBytes(staging));
      },
      isConfined: true,
      interfaces: (own, resource, { id }) => ({
        filesystem: bounded(own, bytesOf(resource), (write) => writing.do(id, write)),
      }),
    }),
  );
};

/** Does what has the same key one after the other. */
class OneByOne {
  readonly #last = new Map<string, Promise<void>>();

  async do(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key);
    const doing = before === undefined ? work() : before.then(work);
    const over = doing.catch(() => {});
    this.#last.set(key, over);
    try {
      await doing;
    } finally {
      if (this.#last.get(key) === over) this.#last.delete(key);
    }
  }
}

/**
 * Files of a folder that holds no more than so many bytes: there is no other way to write there. `next` does one write after the other, so
 * that no two take the same room. Throws `no-space`, and `driver-failed` where it cannot be told how much there is.
 */
function bounded(
  { command, filesystem }: OnPlace,
  most: number,
  next: (write: () => Promise<void>) => Promise<void>,
): Filesystem {
  const full = () =>
    new SlipwayError('no-space', `It would hold more than the ${most} bytes of its size: remove files, or lease a larger one`, {
      bytes: most,
    });
  const left = async () => {
    // Files that go away meanwhile are no failure of the sum.
    const { stdout, stderr } = await command.exec(['du', '--summarize', '--bytes', '--', '.']);
    const held = Number.parseInt(stdout, 10);
    if (Number.isNaN(held))
      throw new SlipwayError('driver-failed', `How much it holds cannot be told: ${stderr.trim().slice(-300)}`);
    return most - held;
  };
  const counted = (content: Readable, room: number): Readable => {
    let bytes = 0;
    const counter = new Transform({
      transform(piece: Uint8Array, _encoding, done) {
        bytes += piece.length;
        if (bytes > room) done(full());
        else done(null, piece);
      },
    });
    // What goes wrong at either end is told at the other; nobody else waits for it.
    return pipeline(content, counter, () => {});
  };
  return {
    ...filesystem,
    writeFile: (path, content, options) =>
      next(async () => {
        const room = await left();
        if (content instanceof Readable) return filesystem.writeFile(path, counted(content, room), options);
        if (Buffer.byteLength(content) > room) throw full();
        return filesystem.writeFile(path, content, options);
      }),
    // What an archive holds is hardly less than the archive.
    unpack: (path, tar, options) => next(async () => filesystem.unpack(path, counted(tar, await left()), options)),
  };
}
