import { Readable } from 'node:stream';
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
      interfaces: (own, resource) => ({ filesystem: bounded(own, bytesOf(resource)) }),
    }),
  );
};

/** Files of a folder that holds no more than so many bytes: there is no other way to write there. Throws `no-space`. */
function bounded({ command, filesystem }: OnPlace, most: number): Filesystem {
  const refuse = (): never => {
    throw new SlipwayError(
      'no-space',
      `It would hold more than the ${most} bytes of its size: remove files, or lease a larger one`,
      { bytes: most },
    );
  };
  const left = async () => {
    // Files that go away meanwhile are no failure of the sum.
    const { stdout } = await command.exec(['du', '--summarize', '--bytes', '--', '.']);
    return most - Number.parseInt(stdout, 10);
  };
  async function* counted(content: Readable, room: number): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const piece of content as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > room) refuse();
      yield piece;
    }
  }
  return {
    ...filesystem,
    async writeFile(path, content, options) {
      const room = await left();
      if (content instanceof Readable) return filesystem.writeFile(path, Readable.from(counted(content, room)), options);
      if (Buffer.byteLength(content) > room) refuse();
      return filesystem.writeFile(path, content, options);
    },
    // What an archive holds is hardly less than the archive.
    async unpack(path, tar, options) {
      const room = await left();
      return filesystem.unpack(path, Readable.from(counted(tar, room)), options);
    },
  };
}
