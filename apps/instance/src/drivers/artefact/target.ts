import { isAbsolute, normalize } from 'node:path';
import { SlipwayError, TARGET_REQUIREMENT, type JsonObject } from '@slipway/contracts';

/** What a target says of itself, by its outputs. */
export interface ArtefactTarget {
  /** Absolute; artefacts stand below it, in the layout of its type. */
  folder: string;
  /** Where what is in it is called, where anything is. */
  url?: string;
  port?: number;
}

/** Throws `spec-invalid` where it is wired to none, or to one that has no folder for artefacts. */
export function targetOf(inputs: Record<string, JsonObject>): ArtefactTarget {
  const { folder, url, port } = inputs[TARGET_REQUIREMENT] ?? {};
  if (typeof folder !== 'string' || !isAbsolute(folder) || normalize(folder) !== folder)
    throw new SlipwayError(
      'spec-invalid',
      `requirements.${TARGET_REQUIREMENT}: it has no folder that artefacts could be brought to; what the driver "process" makes has one`,
      { field: `requirements.${TARGET_REQUIREMENT}` },
    );
  return { folder, ...(typeof url === 'string' && { url }), ...(typeof port === 'number' && { port }) };
}
