import type { InstanceSpec, JsonObject } from '@slipway/contracts';
import type { DriverContext, Ensured, Target } from '@slipway/provisioner';
import { ArtefactDriver } from '../artefact.driver.js';

/** The driver as the contract suite runs it, here and in child processes: what plans keep apart in one target has a folder of its own here. */
export const contractDriver = (): ArtefactDriver => new Apart();

class Apart extends ArtefactDriver {
  override ensure(
    target: Target,
    spec: InstanceSpec,
    { target: { folder } = {} }: Record<string, JsonObject>,
    context: DriverContext,
  ): Promise<Ensured> {
    const { resource, generation } = target;
    const own = `${String(folder)}/${resource.name}-${generation}`;
    const make = () => super.ensure(target, spec, { target: { folder: own } }, context);
    return context.filesystem.mkdir(own).then(make);
  }
}
