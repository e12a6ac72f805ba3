import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import type { InterfaceDefinition } from '../blueprint/blueprint.js';
import { argumentsOf } from './command.js';
import { atPath, toPath } from './file-errors.js';

const PATH = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  pattern: '^[^\\u0000]*$',
  description: 'One that is not absolute begins in the folder of the lease.',
};
const MODE = { type: 'integer', minimum: 0, maximum: 0o777, description: 'Permission bits.' };
const BLOB = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of what stands with the blobs.' };

/** Bytes of a file that an answer has room for, as base64. */
const ROOM = 180 * 1024;

const textOf = (given: JsonObject, name: string): string => String(given[name]);
const modeOf = ({ mode }: JsonObject) => (mode === undefined ? {} : { mode: Number(mode) });

/** Files on what is leased. What is large goes by the blobs: `put` and `get`. */
export const filesystemInterface: InterfaceDefinition<Filesystem> = {
  name: 'filesystem',
  methods: {
    writeFile: {
      description: 'Writes a small file whole.',
      arguments: argumentsOf(
        { path: PATH, content: { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' }, mode: MODE },
        ['path', 'content'],
      ),
      async call(on, given) {
        const path = textOf(given, 'path');
        await toPath(path, () => on.writeFile(path, Buffer.from(textOf(given, 'content'), 'base64'), modeOf(given)));
        return null;
      },
    },
    readFile: {
      description: `Content of a file of at most ${ROOM} bytes, as base64; null where there is none. A larger one: get.`,
      arguments: argumentsOf({ path: PATH }, ['path']),
      async call(on, given) {
        const path = textOf(given, 'path');
        const content = await atPath(path, () => on.readFile(path, ROOM)).catch((error: unknown) => {
          if (!(error instanceof SlipwayError) || error.code !== 'too-large') throw error;
          throw new SlipwayError('too-large', `${error.message}: take it by get`, error.details);
        });
        return content && { content: content.toString('base64') };
      },
    },
    list: {
      description: 'Names in a folder, sorted; none where there is no folder.',
      arguments: argumentsOf({ path: PATH }, ['path']),
      async call(on, given) {
        const path = textOf(given, 'path');
        const names = await atPath(path, () => on.list(path));
        if (names.length <= 2_000) return names;
        throw new SlipwayError('too-large', `${path} holds ${names.length} names, more than 2000: list them by a program`);
      },
    },
    stat: {
      description: 'Type, permission bits, owner and size of a thing itself; null where there is none.',
      arguments: argumentsOf({ path: PATH }, ['path']),
      async call(on, given) {
        const path = textOf(given, 'path');
        const stat = await atPath(path, () => on.stat(path));
        return stat && { ...stat };
      },
    },
    mkdir: {
      description: 'Makes a folder with its parents; nothing to do where it is.',
      arguments: argumentsOf({ path: PATH, mode: MODE }, ['path']),
      async call(on, given) {
        const path = textOf(given, 'path');
        await atPath(path, () => on.mkdir(path, modeOf(given)));
        return null;
      },
    },
    remove: {
      description: 'Removes it with all that is in it; nothing to do where it is gone.',
      arguments: argumentsOf({ path: PATH }, ['path']),
      async call(on, given) {
        const path = textOf(given, 'path');
        await atPath(path, () => on.remove(path));
        return null;
      },
    },
    put: {
      description: 'Writes a file from a blob, however large.',
      arguments: argumentsOf({ path: PATH, blob: BLOB, mode: MODE }, ['path', 'blob']),
      async call(on, given, { blobs }) {
        const path = textOf(given, 'path');
        const content = await blobs.open(textOf(given, 'blob'));
        await toPath(path, () => on.writeFile(path, content, modeOf(given)));
        return null;
      },
    },
    get: {
      description: 'Stores a file as a blob, however large.',
      arguments: argumentsOf({ path: PATH }, ['path']),
      async call(on, given, { blobs }) {
        const path = textOf(given, 'path');
        return { ...(await atPath(path, async () => blobs.put(await on.openRead(path)))) };
      },
    },
  },
};
