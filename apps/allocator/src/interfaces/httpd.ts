import { type JsonObject } from '@slipway/contracts';
import type { Httpd, Site } from '@slipway/interfaces';
import type { InterfaceDefinition } from '../blueprint/blueprint.js';
import { argumentsOf } from './command.js';

const ADDRESS = { type: 'string', pattern: '^https?://[^\\s]+$' };
/** What it means in full is checked by the server itself. */
const ROUTE = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    folder: { type: 'string', description: 'Its files; below the folder of the lease.' },
    proxy: { ...ADDRESS, description: 'What another server answers.' },
    redirect: { ...ADDRESS, description: 'The way to somewhere else.' },
  },
};
const SITE = {
  type: 'object',
  required: ['port', 'routes'],
  additionalProperties: false,
  properties: {
    port: { type: 'integer', minimum: 1024, maximum: 65_535 },
    routes: {
      type: 'object',
      minProperties: 1,
      maxProperties: 100,
      additionalProperties: ROUTE,
      description: 'By the beginning of the path.',
    },
  },
};

/** A web server on what is leased. */
export const httpdInterface: InterfaceDefinition<Httpd> = {
  name: 'httpd',
  methods: {
    configure: {
      description: 'Serves a site from now on; one that is wrong leaves what was served before.',
      arguments: argumentsOf({ site: SITE }, ['site']),
      async call(on, given) {
        await on.configure(given['site'] as unknown as Site);
        return null;
      },
    },
    restart: {
      description: 'Ends the server and starts it anew.',
      arguments: argumentsOf({}),
      async call(on) {
        await on.restart();
        return null;
      },
    },
    getUri: {
      description: 'Where a path of the site is found.',
      arguments: argumentsOf({ path: { type: 'string', pattern: '^/', maxLength: 2048 } }, ['path']),
      call: (on, given) => on.getUri(String(given['path'])),
    },
    logs: {
      description: 'The last lines of what the server writes.',
      arguments: argumentsOf({ which: { enum: ['access', 'error'] }, lines: { type: 'integer', minimum: 1, maximum: 1000 } }),
      call: (on, given: JsonObject) =>
        on.logs(given['which'] as 'access' | 'error' | undefined, given['lines'] as number | undefined),
    },
  },
};
