import { SlipwayError, causeOf } from '@slipway/contracts';
import {
  ContainerHost,
  Docker,
  engineAddress,
  shellCommand,
  shellFilesystem,
  type Command,
  type Filesystem,
} from '@slipway/interfaces';
import { EngineMarks } from '@slipway/provisioner';
import type { BlueprintContext, Managed, MadeResource } from '../../blueprint/blueprint.js';
import { announced } from '../../blueprint/kit/announced.js';
import { declared } from '../../blueprint/kit/declared.js';
import { resourceFolder, type OwnFolder } from '../../blueprint/kit/folders.js';
import { hostOn, type Reached, type Ways } from '../../blueprint/kit/host-on.js';
import type { BlueprintMaker } from '../../blueprint/kit/kit.js';
import { ALLOCATE_SECONDS, HostContainer } from './host-container.js';
import { clientOf, dockerHostOptions } from './options.js';

/** In the container: what its leases have stands below it. */
const ROOT = '/slipway';

/** Whoever the image runs programs as makes his folders there. What a host needs is GNU's: others of these names say nothing to `--version`. */
const FURNISH = `
for program in find grep mv tar; do "$program" --version >/dev/null 2>&1 || lacks="$lacks $program"; done
for program in setsid setpriv; do command -v "$program" >/dev/null 2>&1 || lacks="$lacks $program"; done
[ -z "$lacks" ] || { echo "$lacks" >&2; exit 1; }
mkdir -p -- "$1" && chmod 1777 -- "$1"`;

/** What a container is to us, as long as it stands. */
interface Place {
  command: Command;
  filesystem: Filesystem & { close(): void };
  /** As root, whoever the image says. */
  asRoot: Command;
}

/**
 * A host that is a container of a Docker engine: made of an image, alone in it who leases it, and gone with all that is in it. Options: `images`
 * (names that a lease may ask for, the first where nobody says; pulled where the engine has none), `engine` (`unix://…`, `tcp://…`),
 * `certificates` (folder of `ca.pem`, `cert.pem`, `key.pem`), `configFolder` (of the client, with credentials for registries), `network`,
 * `limits` (`memoryBytes`, `cpus`, `processes`). Attribute: `image`. An image needs a POSIX shell, GNU coreutils, findutils, grep and tar,
 * util-linux. Programs run as the user of the image.
 *
 * As with what drivers make at an engine the folder decides, which stands at the allocator, and the container follows (decision 21).
 */
export const dockerHost: BlueprintMaker = (settings) => {
  const options = dockerHostOptions(settings);
  const places = new Map<string, Place>();

  async function containerOf(resource: MadeResource, { command, filesystem, folder }: BlueprintContext): Promise<HostContainer> {
    const { place } = await EngineMarks.at({ filesystem, root: folder }, settings.name);
    return new HostContainer(new Docker(command, clientOf(options)), place, resource);
  }

  async function placeOf({ name }: HostContainer, { filesystem }: BlueprintContext): Promise<Place> {
    const known = places.get(name);
    if (known) return known;
    const address = await engineAddress(options.engine, options.certificates, filesystem);
    const host = new ContainerHost(address, name);
    const place = {
      command: shellCommand(host),
      filesystem: shellFilesystem(host),
      asRoot: shellCommand(new ContainerHost(address, name, '0')),
    };
    places.set(name, place);
    return place;
  }

  async function reach(resource: MadeResource, context: BlueprintContext): Promise<Reached> {
    const { command, filesystem } = await placeOf(await containerOf(resource, context), context);
    return announced({ command, filesystem, root: ROOT }, context);
  }

  async function ways(resource: MadeResource, context: BlueprintContext): Promise<Ways> {
    const container = await containerOf(resource, context);
    const host = await container.address();
    const { engine, certificates } = options;
    const docker = { engine, container: container.name, ...(certificates !== undefined && { certificates }) };
    return { ...(host !== undefined && { host }), place: { docker } };
  }

  const folderOf = (resource: MadeResource, { filesystem, folder, signal }: BlueprintContext): OwnFolder =>
    resourceFolder(resource, { filesystem, root: folder, signal });

  async function check(resource: MadeResource, context: BlueprintContext): Promise<Managed> {
    const folder = folderOf(resource, context);
    if (!(await folder.stands())) return { state: 'broken', reason: `its folder ${folder.path} is gone` };
    const container = await containerOf(resource, context);
    const reason = await container.broken();
    if (reason !== undefined) return { state: 'broken', reason };
    const { command } = await placeOf(container, context);
    const { exitCode } = await command.exec(['true'], { timeoutMs: 20_000, signal: context.signal });
    return exitCode === 0 ? { state: 'well' } : { state: 'broken', reason: `no program runs in ${container.name}` };
  }

  const { prepare, takeBack, interface: interfaceOf, gives } = hostOn(reach, { ways });
  return declared(
    settings,
    {
      type: 'host',
      interfaces: ['command', 'filesystem'],
      isOnlyMade: true,
      attributes: { image: { default: options.images[0]!, oneOf: options.images } },
      workSeconds: { allocate: ALLOCATE_SECONDS },
    },
    {
      prepare: prepare!,
      interface: interfaceOf,
      gives: gives!,

      async allocate(resource, context) {
        const folder = folderOf(resource, context);
        await folder.make({ id: resource.id }, async () => {});
        const container = await containerOf(resource, context);
        const image = String(resource.attributes['image'] ?? options.images[0]);
        await container.make(image, options);
        try {
          await folder.assertPresent();
        } catch (error) {
          // It was destroyed while we made it: who did that has not seen it.
          await container.remove();
          throw error;
        }
        await container.start();
        const { asRoot } = await placeOf(container, context);
        await context.changing(`furnish ${container.name}`);
        const { exitCode, stderr } = await asRoot.exec(['sh', '-c', FURNISH, 'sh', ROOT], { signal: context.signal });
        if (exitCode !== 0)
          throw new SlipwayError(
            'driver-failed',
            `The image ${image} lacks what a host needs (GNU's, util-linux): ${stderr.trim()}`,
          );
        return { outputs: { container: container.name } };
      },

      // One that does not answer twice is broken.
      manage: (resource, context) =>
        check(resource, context)
          .catch(() => check(resource, context))
          .catch((error: unknown) => {
            context.signal.throwIfAborted();
            return { state: 'broken', reason: causeOf(error).message };
          }),

      async destroy(resource, context) {
        await folderOf(resource, context).remove();
        const container = await containerOf(resource, context);
        await container.remove();
        places.get(container.name)?.filesystem.close();
        places.delete(container.name);
      },

      async takeBack(lease, resource, context) {
        const container = await containerOf(resource, context);
        // With it all has gone that was handed out.
        if (!(await container.stands())) return;
        const reason = await container.broken();
        if (reason !== undefined) throw new SlipwayError('driver-failed', reason);
        await takeBack!(lease, resource, context);
      },
    },
  );
};
