import { join } from 'node:path';
import { hashOf, healthOf } from '@slipway/contracts';
import { secretPrefix, type Exchange, type Fence } from '@slipway/provisioner';
import { writeAppFiles } from '../../furnishing/app-files.js';
import { Claims, type Claimant } from '../../place/claims.js';
import { fillEnvironment } from '../../furnishing/environment.js';
import { launchScript, limitsOf, runsNode } from './launch.js';
import { endpointAt } from '../../place/endpoint.js';
import type { Network } from '../../place/network.js';
import { fillIn, valuesOf } from '../../furnishing/placeholders.js';
import { takePort } from '../../place/ports.js';
import { scattered, type Range } from '../../place/ranges.js';
import { installPackages, installedCommand } from './npm.js';
import type { Variables } from './npm-at.js';
import { FOLDER, onHost } from './on-host.js';
import type { InstanceRecord } from './record.js';
import { makeHome } from '../../furnishing/home.js';
import { makeFolder, type Furnishing } from '../../furnishing/making.js';
import { RECORD, writeRecord } from '../../furnishing/record.js';
import { giveBack, shareOut } from '../../place/handing-over.js';
import { writeSecretFiles } from '../../furnishing/secret-files.js';
import { shimFiles } from './shim.js';
import { makeTargetFolder } from './target-folder.js';
import type { ProcessSpec } from './spec.js';
import { mayReach, ourUid, userIsFree } from './user.js';

/** What an instance is made of. */
export interface Work extends Furnishing<ProcessSpec> {
  /** Of whoever runs Slipway: where npm finds its configuration. */
  variables: Variables;
}

export interface Build extends Work {
  ports: Range;
  users: Range;
  network: Network;
}

/** How many users are tried before an instance goes without one: only a crowded host has two of them taken. */
const USER_TRIES = 32;

/** Makes an instance's folder, complete: nothing in it runs yet. */
export const build = (work: Build): Promise<'made' | 'found'> =>
  makeFolder(work, (staging, claimant) => fill(work, claimant, staging));

async function fill(work: Build, claimant: Claimant, staging: string): Promise<void> {
  const { inputs, context } = work;
  const { filesystem, log, progress } = context;
  progress(0.1, 'Choosing user and port');
  const user = await takeUser(work, claimant, staging);
  const shared = user.uid === null ? { handedOver: [], groups: [] } : await shareOut(context, inputs, user.uid);
  const port = await takePort(work, claimant, staging);
  log(user.uid === null ? `port ${port}, no user of its own: ${user.sharedUserBecause}` : `port ${port}, user ${user.uid}`);

  const { uid } = await furnish(work, staging, { port, ...user, ...shared });
  await makeHome(staging, context);
  for (const [name, text] of await shimFiles()) await filesystem.writeFile(join(staging, name), text, { mode: 0o600 });
  await makeTargetFolder(staging, work.spec, filesystem);
  for (const name of ['log', 'run']) await filesystem.mkdir(join(staging, name), { mode: 0o700 });
  if (uid !== null) await filesystem.chown(join(staging, 'home'), uid, uid, { recursive: true });
  progress(0.6, 'Starting it');
}

/** What an instance has of its place. */
type Standing = Pick<InstanceRecord, 'port' | 'uid' | 'sharedUserBecause' | 'handedOver'> & { groups: readonly number[] };

/**
 * Writes all of an instance that its spec decides: app, secrets, how it is launched, record. `before`: its record, where it
 * stands already: an app that would be made of the same is not made again.
 */
async function furnish(work: Work, staging: string, place: Standing, before?: InstanceRecord): Promise<InstanceRecord> {
  const { folder, target, spec, inputs, context } = work;
  const { filesystem } = context;
  const { groups, ...kept } = place;
  const host = await onHost(inputs, context);
  const endpoint = endpointAt(context.machine);
  const seenAt = host.root === null ? folder.path : FOLDER;
  const secrets = await writeSecretFiles(context, secretPrefix(target), spec, inputs, staging, seenAt);
  const values = {
    ...valuesOf(host.inputs),
    ...secrets.paths,
    port: String(place.port),
    host: endpoint.listen,
    'instance.name': target.resource.name,
  };
  const environment = fillEnvironment(spec.environment ?? {}, values);
  const made = madeOf(spec, values);
  const same = before !== undefined && before.app === made;
  const app = join(same ? folder.path : staging, 'app');
  const npm = same ? before.npm : await makeApp(work, app, values);
  const command = await installedCommand(spec, app, context);

  const record: InstanceRecord = {
    ...kept,
    ...(context.machine && { address: endpoint.address }),
    ...(runsNode({ command }) && { node: true }),
    limits: limitsOf({ ...spec, command }, place.uid !== null),
    health: healthOf(spec) ?? null,
    ...(spec.onFailure && { onFailure: spec.onFailure }),
    secrets: secrets.refs,
    artefact: spec.artefactBlob?.sha256 ?? null,
    ...(host.root !== null && { root: host.root }),
    ...(npm && { npm }),
    app: made,
  };
  await writeRecord(filesystem, staging, record);
  const { limits, uid } = record;
  const { root, mounted } = host;
  const launch = { command, limits, environment, home: folder.path, uid, groups };
  const script = launchScript({ ...launch, ...(root !== null && { host: { root, mounted } }) });
  await filesystem.writeFile(join(staging, 'launch.sh'), script, { mode: 0o600 });
  if (uid !== null) {
    for (const name of ['secrets', ...(same ? [] : ['app'])])
      await filesystem.chown(join(staging, name), uid, uid, { recursive: true });
  }
  return record;
}

/** Artefact, packages and files of its configuration. */
async function makeApp({ spec, context, variables }: Work, app: string, values: Record<string, string>) {
  const { filesystem, progress } = context;
  await filesystem.mkdir(app, { mode: 0o750 });
  if (spec.artefactBlob) {
    progress(0.3, `Unpacking the artefact (${spec.artefactBlob.bytes} bytes)`);
    await filesystem.unpack(app, await context.blobs.open(spec.artefactBlob.sha256));
  }
  const npm = await installPackages(spec, app, context, variables);
  await writeAppFiles(spec.files ?? {}, values, app, filesystem);
  return npm ?? undefined;
}

/** Of all that an app's folder is made of. */
const madeOf = ({ artefactBlob, npm, files = {} }: ProcessSpec, values: Record<string, string>): string =>
  hashOf([
    artefactBlob?.sha256 ?? null,
    npm ? { ...npm } : null,
    Object.entries(files).map(([path, template]) => [path, fillIn(`files.${path}`, template, values)]),
  ]);

/** File in staging: the record of an instance whose app is half replaced. */
const UNMADE = 'unmade';

/**
 * Makes of an instance that stands what its spec says, in its own folder: its port, its user, its home and the secrets it has
 * stay. `quiet` ends what runs of it, before anything is replaced.
 */
export async function rebuild(
  work: Work,
  before: InstanceRecord,
  fence: Fence,
  quiet: (exchange: Exchange) => Promise<void>,
): Promise<InstanceRecord> {
  const { folder, inputs, context } = work;
  const { filesystem } = context;
  const { port, uid, sharedUserBecause } = before;
  const shared = uid === null ? { handedOver: [], groups: [] } : await shareOut(context, inputs, uid);
  const place = { port, uid, ...(sharedUserBecause !== undefined && { sharedUserBecause }), ...shared };
  let record = before;
  await folder.renew(
    fence,
    async (staging) => {
      context.progress(0.1, 'Making what is new of it');
      record = await furnish(work, staging, place, before);
      const { app: _made, ...unmade } = before;
      await filesystem.mkdir(join(staging, UNMADE), { mode: 0o700 });
      await writeRecord(filesystem, join(staging, UNMADE), unmade);
    },
    async (exchange) => {
      await quiet(exchange);
      if (record.app !== before.app) {
        // Whoever goes on after us must not take what is half replaced for what is written down.
        await exchange.put(`${UNMADE}/${RECORD}`, RECORD);
        await exchange.put('app');
      }
      for (const name of ['secrets', 'launch.sh', RECORD]) await exchange.put(name);
    },
  );
  const left = before.handedOver.filter(({ path }) => !record.handedOver.some((one) => one.path === path));
  if (uid !== null) await giveBack({ ...context, command: fence.command }, left, uid);
  return record;
}

async function takeUser(
  { context, folder, users }: Build,
  claimant: Claimant,
  staging: string,
): Promise<Pick<InstanceRecord, 'uid' | 'sharedUserBecause'>> {
  if ((await ourUid(context)) !== 0) {
    return { uid: null, sharedUserBecause: context.machine ? 'Slipway is not root there' : 'Slipway does not run as root' };
  }
  const claims = new Claims(context.filesystem, context.root, 'users');
  const candidates = [...scattered(users, `${context.root} ${claimant.holder} ${claimant.generation}`, USER_TRIES)];
  const uid = await claims.take(claimant, staging, candidates, (number) => userIsFree(context, number));
  if (uid === undefined) return { uid: null, sharedUserBecause: 'no user id is free' };
  if (await mayReach(context, uid, folder.folder)) return { uid };
  await claims.release(claimant);
  return { uid: null, sharedUserBecause: `another user cannot reach ${context.root}` };
}
