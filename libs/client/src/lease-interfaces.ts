import { ApiError } from './errors.js';
import type { Holding } from './lease-call.js';
import type {
  CommandOptions,
  CommandResult,
  Leased,
  LeasedCommand,
  LeasedDatabase,
  LeasedFilesystem,
  LeasedHttpd,
  LeasedInterface,
  LeasedPower,
} from './leased.js';
import type { Leases } from './leases.js';

/** Interfaces that are known by their names; each can be called by its methods' names, too. */
export type LeaseInterfaces<Name extends string> = (Name extends keyof Leased ? Leased[Name] : unknown) & LeasedInterface;

/** Bytes of a file that fit into a call; a larger one is sent by itself. */
const SMALL = 128 * 1024;

export function interfaceOf<Name extends string>(leases: Leases, held: Holding, name: Name): LeaseInterfaces<Name> {
  const any: LeasedInterface = { call: (method, given, options) => leases.call(held, name, method, given, options) };
  const known = KNOWN.get(name)?.(leases, held, any);
  return { ...any, ...known } as LeaseInterfaces<Name>;
}

function command(_leases: Leases, _held: Holding, any: LeasedInterface): LeasedCommand {
  const running =
    (method: string) =>
    (line: readonly string[], { signal, onLine, onLines, ...options }: CommandOptions = {}) =>
      any.call<CommandResult>(
        method,
        { command: line, ...options },
        {
          ...(signal && { signal }),
          ...(onLine && { onLine }),
          ...(onLines && { onLines }),
        },
      );
  return { exec: running('exec'), execOrThrow: running('execOrThrow') };
}

const filesystem = (leases: Leases, held: Holding, any: LeasedInterface): LeasedFilesystem => ({
  async writeFile(path, content, { mode } = {}) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const options = mode === undefined ? {} : { mode };
    if (bytes instanceof Uint8Array && bytes.byteLength <= SMALL)
      await any.call('writeFile', { path, content: toBase64(bytes), ...options });
    else {
      const body = bytes instanceof Uint8Array ? new Blob([bytes as Uint8Array<ArrayBuffer>]).stream() : bytes;
      await leases.upload(held, path, body, options);
    }
  },
  async readFile(path) {
    try {
      const read = await any.call<{ content: string } | null>('readFile', { path });
      return read && fromBase64(read.content);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'too-large')) throw error;
      const { body } = await leases.download(held, path);
      return new Uint8Array(await new Response(body as never).arrayBuffer());
    }
  },
  openRead: (path, options) => leases.download(held, path, options),
  list: (path) => any.call('list', { path }),
  stat: (path) => any.call('stat', { path }),
  mkdir: (path, options) => any.call('mkdir', { path, ...options }),
  remove: (path) => any.call('remove', { path }),
});

const httpd = (_leases: Leases, _held: Holding, any: LeasedInterface): LeasedHttpd => ({
  configure: (site) => any.call('configure', { site }),
  restart: () => any.call('restart'),
  getUri: (path) => any.call('getUri', { path }),
  logs: (which, lines) => any.call('logs', { ...(which && { which }), ...(lines !== undefined && { lines }) }),
});

const database = (_leases: Leases, _held: Holding, any: LeasedInterface): LeasedDatabase => ({
  query: (sql, parameters = [], { signal, ...options } = {}) =>
    any.call('query', { sql, parameters, ...options }, { ...(signal && { signal }) }),
  connection: () => any.call('connection'),
});

const power = (_leases: Leases, _held: Holding, any: LeasedInterface): LeasedPower => ({
  status: () => any.call('status'),
  on: () => any.call('on'),
  off: () => any.call('off'),
  cycle: () => any.call('cycle'),
  bootFromNetwork: () => any.call('bootFromNetwork'),
});

const KNOWN: ReadonlyMap<string, (leases: Leases, held: Holding, any: LeasedInterface) => object> = new Map<
  string,
  (leases: Leases, held: Holding, any: LeasedInterface) => object
>([
  ['command', command],
  ['filesystem', filesystem],
  ['httpd', httpd],
  ['database', database],
  ['power', power],
]);

/** Bytes as text and back, in browsers too (RFC 4648 §4). */
function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
