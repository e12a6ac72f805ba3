import { DEFINITION_NAME } from '@slipway/contracts';
import { RemoteRefused } from '../failures.js';

const NPM_NAME = /^(?:@([a-z0-9][a-z0-9._-]*)\/)?([a-z0-9][a-z0-9._-]*)$/;

/** Name of a definition for a package of npm: `@acme/tool` is `acme__tool`, as DefinitelyTyped has it. Throws `RemoteRefused`. */
export function definitionName(npmName: string): string {
  const [, scope, name] = NPM_NAME.exec(npmName) ?? [];
  const made = scope === undefined ? name : `${scope}__${name}`;
  if (made !== undefined && DEFINITION_NAME.test(made)) return made;
  throw new RemoteRefused(`${npmName.slice(0, 250)} is no name of a package of npm that a definition can have`);
}

/** What of a registry is taken: `verdaccio`, `@acme/tool@^1.2`. Without a range its newest (`latest`). */
export function wantedOf(said: string): { name: string; range?: string } {
  const at = said.indexOf('@', 1);
  return at < 0 ? { name: said } : { name: said.slice(0, at), range: said.slice(at + 1) };
}
