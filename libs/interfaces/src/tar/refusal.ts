import { SlipwayError } from '@slipway/contracts/public';

/** `bad-input` for what somebody brings as an artefact, `archive-invalid` for data. */
export type RefusalCode = 'bad-input' | 'archive-invalid';

/** Names the entry, and what is wrong with it. */
export const refused = (entry: string, reason: string, code: RefusalCode = 'archive-invalid'): SlipwayError =>
  new SlipwayError(code, `The archive is refused: ${JSON.stringify(entry)}: ${reason}`, { entry, reason });

/** Of what is no tar, or breaks off. */
export const wholeRefused = (error: unknown, code: RefusalCode): SlipwayError =>
  refused('the whole', error instanceof Error ? error.message : String(error), code);
