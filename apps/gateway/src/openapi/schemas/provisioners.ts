import { DRIVER_VERBS, type Offered, OFFERED_BY, type Offerings } from '@slipway/contracts';
import type { Provided, ProvisionerView } from '@slipway/contracts/http';
import { described, flag, json, kind, list, object, oneOf, optional, ref, text, type Schema } from './schema.js';

/** Who provisions, and what is offered. */
export const PROVISIONER_SCHEMAS: Record<string, Schema> = {
  ProvisionerList: object<{ items: ProvisionerView[] }>({ items: list(ref('ProvisionerView')) }),
  ProvisionerView: object<ProvisionerView>({
    name: text,
    title: optional(text),
    default: described(flag, 'It provisions where neither a job nor its guest location names anybody.'),
    package: optional(described(text, 'The npm package that brings its drivers.')),
    resourceUri: optional(described(text, 'Path at an instance where it is called, where its definition says none.')),
    guestLocations: described(list(text), 'Guest locations where it provisions unless a job names another one.'),
    provides: list(ref('Provided')),
    absent: described(list(text), 'What is configured and must be there, and is not: a sentence each.'),
  }),
  Provided: object<Provided>({
    kind,
    driver: text,
    guestLocation: text,
    location: text,
    present: described(flag, 'Whether a replica announces that driver there.'),
    verbs: described(list(oneOf(DRIVER_VERBS)), 'What the driver can; nothing while it is not there.'),
    accepts: optional(described(list(text), 'Media types of data that it can begin with, of one that is portable.')),
  }),
  Offerings: object<Offerings>({ items: list(ref('Offered')) }),
  Offered: object<Offered>({
    name: text,
    title: text,
    schema: described(json, 'JSON Schema (draft 2020-12) of its values.'),
    default: described({}, 'What holds when nothing is chosen.'),
    from: described(oneOf(OFFERED_BY), 'Who offers it.'),
  }),
};
