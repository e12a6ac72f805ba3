import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage, validateSync } from 'class-validator';
import {
  Capability,
  ContentPackage,
  DatabaseSpec,
  HealthCheck,
  InstanceSpec,
  ProcessLimits,
  Requirement,
  ResourceDefinition,
  StorageSpec,
} from './definition.js';
import { AbandonBody, ControlBody, DeprovisionJob, PlanJob, ProvisionJob, SkipBody } from './http/index.js';

const BODIES = [ProvisionJob, DeprovisionJob, PlanJob, ControlBody, AbandonBody, SkipBody];
const CONTENT = [ContentPackage, ResourceDefinition, Capability, Requirement, StorageSpec, DatabaseSpec, InstanceSpec];
const PARTS = [HealthCheck, ProcessLimits];

const fieldsOf = (type: new () => object): string[] => [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(type, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
];

describe('what comes from outside', () => {
  it.each([...BODIES, ...CONTENT, ...PARTS])('%p: null is refused in each field, also in one that may be left out', (type) => {
    const fields = fieldsOf(type);
    expect(fields.length).toBeGreaterThan(0);
    for (const field of fields) {
      const errors = validateSync(Object.assign(new type(), { [field]: null }), { forbidUnknownValues: false });
      expect(errors.map(({ property }) => property)).toContain(field);
    }
  });
});

describe('notBefore', () => {
  const refused = (notBefore: unknown) =>
    validateSync(Object.assign(new ProvisionJob(), { ownerId: 'ada', instanceId: 'shop', notBefore })).map(
      ({ property }) => property,
    );

  it.each(['2099-12-31T23:59:59Z', '2099-12-31T23:59Z', '2099-12-31T23:59:59.123Z', '2099-12-31T23:59:59+02:00', undefined])(
    'can be %s',
    (time) => expect(refused(time)).toEqual([]),
  );

  it.each([
    ...['2099-W01', '20991231', '2099-365', null, '2099-12-31', '2099-12-31T23:59:59', '2099-02-30T00:00:00Z'],
    ...['2099-12-31T23:59:60Z', '2099-12-31T23:59:59+0200', 'tomorrow', '', 4_102_444_799_000],
  ])('cannot be %j, which is no moment or not the same one to everybody', (time) => expect(refused(time)).toEqual(['notBefore']));
});
