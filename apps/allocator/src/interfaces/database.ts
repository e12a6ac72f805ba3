import type { Json } from '@slipway/contracts';
import type { Database } from '@slipway/interfaces';
import type { InterfaceDefinition } from '../blueprint/blueprint.js';
import { argumentsOf } from './command.js';

const PARAMETERS = { type: 'array', maxItems: 1000, description: 'What stands for $1, $2 and so on.' };

/** A database that is leased. */
export const databaseInterface: InterfaceDefinition<Database> = {
  name: 'database',
  methods: {
    query: {
      description: 'One statement in a transaction of its own: its columns and rows, at most 1000.',
      arguments: argumentsOf(
        {
          sql: { type: 'string', minLength: 1, maxLength: 100_000 },
          parameters: PARAMETERS,
          timeoutMs: { type: 'integer', minimum: 1, maximum: 3_600_000, description: '60,000 when left out.' },
        },
        ['sql'],
      ),
      async call(on, given, { signal }) {
        const timeoutMs = given['timeoutMs'] as number | undefined;
        const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
        return { ...(await on.query(String(given['sql']), (given['parameters'] ?? []) as Json[], options)) };
      },
    },
    connection: {
      description: 'Where it is and who one is there; no password.',
      arguments: argumentsOf({}),
      call: async (on) => ({ ...(await on.connection()) }),
    },
  },
};
