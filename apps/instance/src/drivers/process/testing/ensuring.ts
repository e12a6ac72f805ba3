/** One ensure or destroy in a process of its own, to be killed or stopped from outside at any moment, or to run as somebody else. */
import type { InstanceSpec } from '@slipway/contracts';
import type { Target } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import { ProcessDriver } from '../process.driver.js';
import type { Range } from '../../../place/ranges.js';
import { QUICK } from './quick.js';

/** What it is told; it answers once when it begins, and once with what came of it. */
export interface Ensuring {
  action: 'ensure' | 'destroy';
  folder: string;
  ports: Range;
  target: Target;
  spec: InstanceSpec;
}

process.once('message', (task) => void run(task as Ensuring));

async function run({ action, folder, ports, target, spec }: Ensuring): Promise<void> {
  // The clock's timers do not keep a process alive.
  const awake = setInterval(() => {}, 60_000);
  process.send!('begun');
  const context = await ContractPlace.at(folder).context();
  try {
    const driver = new ProcessDriver({ ports, supervision: QUICK, variables: process.env });
    if (action === 'destroy') process.send!({ effect: await driver.destroy(target, context) });
    else {
      const { outputs, observed } = await driver.ensure(target, spec, {}, context);
      process.send!({ port: outputs.port, observed });
    }
  } catch (error) {
    process.send!({ code: (error as { code?: string }).code });
  }
  clearInterval(awake);
  process.disconnect();
}
