import { plainToInstance } from 'class-transformer';
import { NAME, RESOURCE_KINDS, SERVICES } from '@slipway/contracts';
import { fieldErrors, type FieldError } from '../microservice/validation.js';
import { offeringErrors } from '../offerings/offerings.js';
import { ProvisionerConfig, type MeshConfig } from './config.js';

/** What is wrong with `provisioners`, and with what guest locations say of them. */
export function provisionerRules({ provisioners, guestLocations }: MeshConfig): FieldError[] {
  const { hosts } = provisioners;
  const known = Object.keys(hosts).toSorted().join(', ');
  const named = (field: string, name: string | undefined): FieldError[] =>
    name === undefined || Object.hasOwn(hosts, name)
      ? []
      : [{ field, reason: `names the provisioner ${JSON.stringify(name)}, which there is not; there are ${known}` }];
  return [
    ...named('provisioners.default', provisioners.default),
    ...Object.entries(hosts).flatMap(([name, host]) => within(`provisioners.hosts.${name}`, hostRules(name, host))),
    ...Object.entries(guestLocations).flatMap(([name, place]) =>
      within(`guestLocations.${name}`, [
        ...named('provisioner', place?.provisioner),
        ...(Array.isArray(place?.offerings) ? within('offerings', offeringErrors(place.offerings)) : []),
      ]),
    ),
  ];
}

function hostRules(name: string, host: ProvisionerConfig): FieldError[] {
  if (!NAME.test(name)) return [{ field: '', reason: 'the name must be lower-case letters, digits and inner hyphens' }];
  if (host === null || typeof host !== 'object') return [{ field: '', reason: 'must have provides' }];
  const wrong = fieldErrors(plainToInstance(ProvisionerConfig, host, { exposeUnsetFields: false }));
  if (wrong.length > 0) return wrong;
  const provides = Object.entries(host.provides);
  return [
    ...(provides.length === 0 ? [{ field: 'provides', reason: `must name at least one of ${RESOURCE_KINDS.join(', ')}` }] : []),
    ...provides.flatMap(([kind, by]) => within(`provides.${kind}`, providerRules(kind, by))),
    ...within('offerings', offeringErrors(host.offerings ?? [])),
  ];
}

function providerRules(kind: string, by: unknown): FieldError[] {
  if (!(RESOURCE_KINDS as readonly string[]).includes(kind))
    return [{ field: '', reason: `is no kind; there are ${RESOURCE_KINDS.join(', ')}` }];
  if (typeof by !== 'string' || !NAME.test(by))
    return [{ field: '', reason: `must be a driver's name, or ${kind} for its service` }];
  if (by !== kind && (SERVICES as readonly string[]).includes(by))
    return [{ field: '', reason: `is the service ${by}, which makes no ${kind}; its own is ${kind}` }];
  return [];
}

const within = (path: string, errors: FieldError[]): FieldError[] =>
  errors.map(({ field, reason }) => ({ field: field ? `${path}.${field}` : path, reason }));
