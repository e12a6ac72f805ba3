import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fieldRows, valueRows, viewFields } from './fields.js';

describe('docs/reference/views.md', () => {
  const page = readFileSync(new URL('../../../../docs/reference/views.md', import.meta.url), 'utf8');

  it('lists what each view is filtered and sorted by, and the values that a filter can have (node scripts/reference.mjs writes it)', () => {
    expect(page.split('\n').filter((line) => line.startsWith('| `GET'))).toEqual([...fieldRows(), ...valueRows()]);
  });
});

describe('a view', () => {
  it.each(viewFields())('$view can be filtered and sorted by what a caller would look for', ({ view, filterable, sortable }) => {
    const wanted: Record<typeof view, [string[], string[]]> = {
      requests: [
        ['status', 'environment', 'ownerId', 'instanceId', 'job', 'definition'],
        ['acceptedAt', 'updatedAt', 'priority', 'id'],
      ],
      instances: [
        ['status', 'environment', 'ownerId', 'instanceId', 'health', 'location', 'driver'],
        ['createdAt', 'updatedAt', 'name', 'id'],
      ],
      storages: [
        ['status', 'environment', 'ownerId', 'instanceId', 'location', 'driver'],
        ['createdAt', 'updatedAt', 'name', 'id'],
      ],
      databases: [
        ['status', 'environment', 'ownerId', 'instanceId', 'location', 'driver'],
        ['createdAt', 'updatedAt', 'name', 'id'],
      ],
      snapshots: [
        ['status', 'origin', 'instanceId', 'environment', 'ownerId', 'definition'],
        ['instanceId', 'takenAt', 'createdAt', 'bytes'],
      ],
      environments: [['paused'], ['name', 'updatedAt']],
      leases: [
        ['type', 'status', 'ownerId', 'resourceId', 'requestId', 'holderId', 'environment', 'irrevocable'],
        ['createdAt', 'updatedAt', 'priority', 'id'],
      ],
      'leased-resources': [
        ['name', 'type', 'blueprint', 'status', 'ownerId', 'location', 'manual', 'environment', 'stuck'],
        ['name', 'createdAt', 'updatedAt', 'load', 'id'],
      ],
      quotas: [
        ['ownerId', 'type', 'environment'],
        ['ownerId', 'id'],
      ],
      resources: [
        ['kind', 'name', 'definition', 'instanceId', 'ownerId', 'driver', 'location'],
        ['key', 'name', 'installedAt'],
      ],
      capabilities: [
        ['resource', 'kind', 'namespace', 'definition'],
        ['resource', 'namespace'],
      ],
      requirements: [
        ['resource', 'name', 'namespace', 'definition', 'resolution', 'wired'],
        ['resource', 'namespace'],
      ],
      wires: [
        ['from', 'to', 'requirement', 'namespace'],
        ['from', 'to'],
      ],
    };
    expect(filterable).toEqual(expect.arrayContaining(wanted[view][0]));
    expect(sortable).toEqual(expect.arrayContaining(wanted[view][1]));
  });
});
