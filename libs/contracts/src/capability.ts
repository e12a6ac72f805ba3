import type { JsonObject } from './json.js';

/** What is offered to others, as plans and events have it: a definition's `Capability`, without its rules. */
export interface OfferedCapability {
  namespace: string;
  attributes?: JsonObject;
  uses?: string[];
  mandatory?: string[];
  capacity?: number;
  effective?: string;
}

/** What is needed of others, as plans and events have it: a definition's `Requirement`, without its rules, its name, and how to make it. */
export interface AskedRequirement {
  namespace: string;
  attributes?: JsonObject;
  range?: string;
  filter?: string;
  cardinality?: 'single' | 'multiple';
  effective?: string;
  amount?: number;
  resolution?: 'mandatory' | 'optional';
}
