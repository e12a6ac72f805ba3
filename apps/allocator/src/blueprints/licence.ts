import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { declared } from '../blueprint/kit/declared.js';
import { oneOf } from '../blueprint/kit/one-of.js';
import { optionsOf } from '../blueprint/kit/options.js';

interface Options {
  product: string;
  count: number;
}
const OPTIONS = { product: { type: 'string', minLength: 1 }, count: { type: 'integer', minimum: 1 } };

/** Licences of a product, as many as were bought (`count`), in each environment where they are approved. There is nothing to be made: who leases one may use it. */
export const licence: BlueprintMaker = (settings) => {
  const { product, count } = optionsOf<Options>(settings, OPTIONS, Object.keys(OPTIONS));
  return declared(
    settings,
    {
      type: 'licence',
      interfaces: [],
      capacity: count,
      attributes: { product: { default: product, oneOf: [product] } },
      // Bought once: no second resource of them, however a limit is set.
      limits: { resources: 1, warm: 1 },
      mostResources: 1,
    },
    {
      allocate: async () => ({ outputs: {} }),
      destroy: async () => {},
      interface: async (name) => oneOf(name, {}),
    },
  );
};
