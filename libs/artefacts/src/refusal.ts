import { badInput, type SlipwayError } from '@slipway/contracts';

/** What is wrong in an artefact, where: an entry of it, a header, a field. */
export interface Fault {
  where: string;
  reason: string;
}

/** The one error of an artefact that cannot be taken: `bad-input`, whose fields name where in the artefact, and why. */
export const refused = (where: string, reason: string): SlipwayError => refusedFor([{ where, reason }]);

export const refusedFor = (faults: readonly Fault[]): SlipwayError =>
  badInput(faults.map(({ where, reason }) => ({ field: where, reason })));

/** Text from outside as it is shown in a reason: short, and with nothing in it that moves a terminal's cursor. */
export const shown = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** What some library or the system says of what it cannot read. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
