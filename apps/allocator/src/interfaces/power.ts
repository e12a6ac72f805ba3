import type { JsonObject } from '@slipway/contracts';
import type { Power } from '@slipway/interfaces';
import type { InterfaceDefinition, InterfaceMethod } from '../blueprint/blueprint.js';
import { argumentsOf } from './command.js';

const changes = (description: string, change: (on: Power) => Promise<void>): InterfaceMethod<Power> => ({
  description,
  arguments: argumentsOf({}),
  async call(on) {
    await change(on);
    return null;
  },
});

/** The power of a machine that is leased. */
export const powerInterface: InterfaceDefinition<Power> = {
  name: 'power',
  methods: {
    status: {
      description: 'Whether it is on, what it starts from next, and what else its controller knows.',
      arguments: argumentsOf({}),
      call: async (on) => ({ ...(await on.status()) }) as JsonObject,
    },
    on: changes('Turns it on, and is done when it is.', (on) => on.on()),
    off: changes('Turns it off at once, whatever runs there.', (on) => on.off()),
    cycle: changes('Turns it off, and on again.', (on) => on.cycle()),
    bootFromNetwork: changes('Lets it start from the network the next time, and only then.', (on) => on.bootFromNetwork()),
  },
};
