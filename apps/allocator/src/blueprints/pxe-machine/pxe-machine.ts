import { SlipwayError, badInput, causeOf } from '@slipway/contracts';
import { RedfishMachine, type Power, type Trust } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../../blueprint/blueprint.js';
import { declared } from '../../blueprint/kit/declared.js';
import type { BlueprintMaker } from '../../blueprint/kit/kit.js';
import { oneOf } from '../../blueprint/kit/one-of.js';
import { optionsOf } from '../../blueprint/kit/options.js';
import { readPrivateFile } from '../../blueprint/kit/private-file.js';
import { machineAttributes } from './machine-attributes.js';
import { MachineHolders } from './machine-holders.js';

interface Options {
  credentialFile?: string;
  caFile?: string;
}
const OPTIONS = { credentialFile: { type: 'string', pattern: '^/' }, caFile: { type: 'string', pattern: '^/' } };

/** A whole machine is leased by one at a time. */
const WHOLE = 1;

/**
 * A bare machine, entered by hand and leased whole; nothing of it is made or destroyed. Attributes: `mac` (of the card that it boots from; needed),
 * `architecture`, `cores`, `memoryMiB`, `disksGiB`; `controller` (`https://…`, speaks Redfish), `controllerCertificate` (`SHA256:…`), `system` (its id
 * there, where the controller has several); and others. Options: `credentialFile` (at the allocator, for nobody else to read: `user:password` of the
 * controllers in one line), `caFile` (PEM, of controllers whose certificate is not entered). When a lease is over the machine is turned off. One
 * without a controller is leased too: its power is in nobody's hands.
 */
export const pxeMachine: BlueprintMaker = (settings) => {
  const { credentialFile, caFile } = optionsOf<Options>(settings, OPTIONS);
  if ((settings.capacity ?? WHOLE) !== WHOLE)
    throw new SlipwayError('config-invalid', `blueprints.${settings.name}.capacity must be ${WHOLE}: a machine is leased whole`, {
      field: `blueprints.${settings.name}.capacity`,
    });

  async function trustIn({ attributes }: MadeResource, { filesystem }: BlueprintContext): Promise<Trust> {
    const { controllerCertificate: fingerprint } = attributes;
    if (typeof fingerprint === 'string') return { fingerprint };
    if (caFile === undefined) return 'system';
    const ca = await filesystem.readFile(caFile, 1024 * 1024);
    if (ca) return { ca };
    throw new SlipwayError('driver-failed', `The file ${caFile} is not there`, { path: caFile });
  }

  async function credential(context: BlueprintContext): Promise<string> {
    const field = `blueprints.${settings.name}.options.credentialFile`;
    if (credentialFile === undefined)
      throw new SlipwayError('config-invalid', `${field} is needed where machines have a controller`, { field });
    const text = (await readPrivateFile(credentialFile, 'The credential file', context)).toString('utf8').trim();
    if (/^[^:\s]+:\S+$/.test(text)) return text;
    throw new SlipwayError('driver-failed', `The credential file ${credentialFile} does not hold user:password in one line`, {
      path: credentialFile,
    });
  }

  /** The machine by its controller; `undefined` where it has none. `before`: what each change is held against. */
  async function controlled(
    resource: MadeResource,
    context: BlueprintContext,
    before: () => Promise<void> = async () => {},
  ): Promise<RedfishMachine | undefined> {
    const { controller: url, system } = resource.attributes;
    if (typeof url !== 'string') return undefined;
    const changing = async (what: string) => {
      await context.changing(what);
      await before();
    };
    const { signal } = context;
    const trust = await trustIn(resource, context);
    const access = { url, trust, signal, changing, credential: () => credential(context) };
    return new RedfishMachine(access, typeof system === 'string' ? system : undefined);
  }

  return declared(
    settings,
    {
      type: 'machine',
      interfaces: ['power'],
      capacity: WHOLE,
      distinct: ['mac'],
      limits: { resources: 0 },
      // Turning off takes its time, and so does a controller.
      workSeconds: { takeBack: 300 },
    },
    {
      accept({ attributes, capacity = WHOLE }) {
        if (capacity !== WHOLE) throw badInput([{ field: 'capacity', reason: `must be ${WHOLE}: a machine is leased whole` }]);
        return machineAttributes(attributes);
      },

      async manage(resource, context) {
        try {
          const found = await (await controlled(resource, context))?.status();
          return found?.health === 'critical'
            ? { state: 'broken', reason: 'its controller says that its health is critical' }
            : { state: 'well' };
        } catch (error) {
          // What does not answer once may do so in a while (a controller starts again by itself): that is for whoever counts.
          if (causeOf(error).code !== 'config-invalid') throw error;
          return { state: 'broken', reason: causeOf(error).message };
        }
      },

      prepare: (lease, resource, context) => new MachineHolders(resource, context).admit(lease),

      async takeBack(lease, resource, context) {
        const holders = new MachineHolders(resource, context);
        await holders.dismiss(lease);
        // It is somebody else's: it was taken back long ago, or an operator has said that it was.
        if (await holders.isPast(lease)) return;
        const machine = await controlled(resource, context, () => holders.assertLast(lease));
        // Its holder may have turned it on in the last moment.
        await machine?.off({ isToldAnyway: true });
        await machine?.bootAsSet();
      },

      async interface(name, lease, resource, context) {
        const holders = new MachineHolders(resource, context);
        await holders.assertHas(lease);
        const machine = await controlled(resource, context, () => holders.assertHas(lease));
        return oneOf(name, { power: machine ?? withoutController(resource) });
      },
    },
  );
};

/** What is said of the power of a machine that has no controller. */
function withoutController({ id }: MadeResource): Power {
  const fail = async (): Promise<never> => {
    const field = 'attributes.controller';
    const message = `${id} has no controller: its power is changed by hand, until one is entered (${field})`;
    throw new SlipwayError('not-possible', message, { field });
  };
  return { status: fail, on: fail, off: fail, cycle: fail, bootFromNetwork: fail };
}
