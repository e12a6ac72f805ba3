import type { ArtefactRule } from './artefact-rule.js';
import { osgi } from './osgi.js';
import { system } from './system.js';
import { tomcat } from './tomcat.js';
import { wildfly } from './wildfly.js';

/** The one registration: which rule a target of that type has. */
export const ARTEFACT_RULES: Readonly<Record<string, ArtefactRule>> = {
  tomcat,
  osgi,
  wildfly,
  host: system('host'),
  process: system('process'),
  container: system('container'),
};
