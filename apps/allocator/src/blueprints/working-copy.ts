import { join } from 'node:path';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import { MINIMAL_ENV } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../blueprint/blueprint.js';
import { declared } from '../blueprint/kit/declared.js';
import { resourceFolder } from '../blueprint/kit/folders.js';
import { heldHost } from '../blueprint/kit/held-host.js';
import { hostOn, type Reached } from '../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { optionsOf } from '../blueprint/kit/options.js';

interface Options {
  repositories: string[];
  cloneSeconds: number;
  credentialFile?: string;
  host: JsonObject;
}
/**
 * No helper that runs a program (`ext::`), no name that git takes for an option, and no password or token: a URL is an attribute, which is
 * recorded and shown.
 */
const REPOSITORY = {
  type: 'string',
  pattern:
    '^((https?|git)://[^\\s\\u0000/@]+|ssh://([^\\s\\u0000/:@]+@)?[^\\s\\u0000/@]+|file://[^\\s\\u0000/@]*)(/[^\\s\\u0000]*)?$',
};
const OPTIONS = {
  repositories: { type: 'array', items: REPOSITORY, minItems: 1 },
  cloneSeconds: { type: 'integer', minimum: 1, default: 1_800 },
  credentialFile: { type: 'string', pattern: '^/' },
  host: { type: 'object', default: {} },
};

/** Of all the time that git may take the host's own part: reaching it, and making folders there. */
const BESIDE_SECONDS = 120;

/** A name of git's (git-check-ref-format(1)) or the beginning of a commit's. */
const REVISION = '[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}';

/** Nobody is asked for a password, nothing of the host's own configuration counts, and what a repository brings is not run. */
const GIT_ENV = {
  ...MINIMAL_ENV,
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
  HOME: '/nonexistent',
};
const GIT = ['git', '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'advice.detachedHead=false'];

/** The repository as it was fetched, in the folder of the resource: nobody who leases works in it. */
const MIRROR = 'data';

/**
 * A working copy of a repository at a revision, on a leased host that has git. The repository is fetched once for each resource; who leases has a
 * copy of his own, made of that, which goes with his lease. Options: `repositories` (URLs that there are working copies of, the first where
 * nobody says), `host` (attributes of the host), `cloneSeconds`, `credentialFile` (at the allocator: `user:password` in one line, for those that are
 * fetched by `https`). Attributes: `repository`, `revision`. Outputs: `commit`.
 */
export const workingCopy: BlueprintMaker = (settings) => {
  const { repositories, cloneSeconds, credentialFile, host } = optionsOf<Options>(settings, OPTIONS, ['repositories']);
  const timeoutMs = cloneSeconds * 1_000;
  const seconds = cloneSeconds + BESIDE_SECONDS;

  /** What fetching a repository needs beside: never an argument, which everybody at the host could read. */
  async function credentialFor(repository: string, { filesystem }: BlueprintContext): Promise<Record<string, string>> {
    if (credentialFile === undefined || !repository.startsWith('https://')) return {};
    const credential = String((await filesystem.readFile(credentialFile, 4_096)) ?? '').trim();
    if (!/^[^:\s]+:\S+$/.test(credential))
      throw new SlipwayError('driver-failed', `${credentialFile} does not hold user:password in one line`, {
        path: credentialFile,
      });
    return withHeader(new URL(repository).origin, `Authorization: Basic ${Buffer.from(credential).toString('base64')}`);
  }

  const folders = hostOn(heldHost, {
    async fill(staging, { attributes }, reached, context) {
      const repository = String(attributes['repository']);
      const env = await credentialFor(repository, context);
      await git(reached, context, ['clone', '--quiet', '--bare', '--', repository, join(staging, MIRROR)], timeoutMs, env);
    },
    async furnish(copy, resource, reached, context) {
      const mirror = mirrorOf(resource, reached);
      const commit = await commitOf(resource, mirror, reached, context);
      // Files of their own: what is changed in one repository must not change in the other.
      await git(reached, context, ['clone', '--quiet', '--no-hardlinks', '--no-checkout', '--', mirror, copy], timeoutMs);
      await git(
        reached,
        context,
        ['-C', copy, 'remote', 'set-url', 'origin', String(resource.attributes['repository'])],
        timeoutMs,
      );
      await git(reached, context, ['-C', copy, 'checkout', '--quiet', '--detach', commit, '--'], timeoutMs);
    },
  });

  return declared(
    settings,
    {
      type: 'working-copy',
      interfaces: ['command', 'filesystem'],
      attributes: {
        repository: { default: repositories[0]!, oneOf: repositories, isFixed: true },
        revision: { default: 'HEAD', matches: REVISION },
      },
      needs: { host: { type: 'host', attributes: host } },
      workSeconds: { allocate: seconds, update: seconds, prepare: seconds },
    },
    {
      ...folders,

      async allocate(resource, context) {
        context.log(`Fetching ${String(resource.attributes['repository'])}`);
        await folders.allocate!(resource, context);
        const reached = await heldHost(resource, context);
        return { outputs: { commit: await commitOf(resource, mirrorOf(resource, reached), reached, context) } };
      },

      async update(resource, attributes, context) {
        const reached = await heldHost(resource, context);
        const branches = '+refs/heads/*:refs/heads/*';
        const mirror = mirrorOf(resource, reached);
        const env = await credentialFor(String(resource.attributes['repository']), context);
        await git(reached, context, ['-C', mirror, 'fetch', '--quiet', '--prune', '--tags', 'origin', branches], timeoutMs, env);
        return { outputs: { commit: await commitOf({ ...resource, attributes }, mirror, reached, context) } };
      },

      async manage(resource, context) {
        const folder = await folders.manage!(resource, context);
        if (folder.state === 'broken') return folder;
        const reached = await heldHost(resource, context);
        const line = [...GIT, '-C', mirrorOf(resource, reached), 'rev-parse', '--git-dir'];
        const { exitCode, stderr } = await reached.command.exec(line, { env: GIT_ENV, signal: context.signal });
        return exitCode === 0 ? folder : { state: 'broken', reason: `git says: ${stderr.trim().slice(-300)}` };
      },
    },
  );
};

const mirrorOf = (resource: MadeResource, reached: Reached): string => join(resourceFolder(resource, reached).path, MIRROR);

const git = ({ command }: Reached, { signal }: BlueprintContext, args: string[], timeoutMs: number, env = {}) =>
  command.execOrThrow([...GIT, ...args], { env: { ...GIT_ENV, ...env }, signal, timeoutMs });

/** A header for one origin, also not for one that it leads to (git-config(1): http.extraHeader, http.followRedirects). */
const withHeader = (origin: string, header: string): Record<string, string> => ({
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
  GIT_CONFIG_VALUE_0: header,
  GIT_CONFIG_KEY_1: 'http.followRedirects',
  GIT_CONFIG_VALUE_1: 'false',
});

/** The commit that the revision is. Throws `lease-impossible`: it is not in what has just been fetched. */
async function commitOf(
  { attributes }: MadeResource,
  repository: string,
  { command }: Reached,
  { signal }: BlueprintContext,
): Promise<string> {
  const revision = String(attributes['revision'] ?? 'HEAD');
  const line = [...GIT, '-C', repository, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { exitCode, stdout } = await command.exec(line, { env: GIT_ENV, signal });
  if (exitCode === 0) return stdout.trim();
  throw new SlipwayError('lease-impossible', `${String(attributes['repository'])} has no revision ${revision}`, { revision });
}
