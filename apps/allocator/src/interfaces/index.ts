import type { InterfaceDefinition } from '../blueprint/blueprint.js';
import { commandInterface } from './command.js';
import { databaseInterface } from './database.js';
import { filesystemInterface } from './filesystem.js';
import { httpdInterface } from './httpd.js';
import { powerInterface } from './power.js';

/** Interfaces that can be called from outside, by name; the configuration adds others. */
export const INTERFACES: ReadonlyMap<string, InterfaceDefinition<never>> = new Map(
  [commandInterface, databaseInterface, filesystemInterface, httpdInterface, powerInterface].map((one) => [
    one.name,
    one as unknown as InterfaceDefinition<never>,
  ]),
);
