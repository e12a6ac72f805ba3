/** Leases as they look: shown in the documentation, by schema. */
export function leaseExamples(position: string): Record<string, unknown> {
  const ada = { id: 'ada', type: 'user' };
  const operator = { id: 'operator', type: 'user' };
  const lease = {
    ...{ id: 'default.lease-17', environment: 'default', type: 'host', status: 'active', owner: ada, actor: operator },
    ...{ attributes: { memory: 4 }, amount: 1, slots: ['port/8080'], priority: 0, replace: false },
    ...{ resourceId: 'default.host-18', token: 9, until: '2026-01-05T10:00:00.000Z', latest: '2026-01-05T17:30:00.000Z' },
    ...{ createdAt: '2026-01-05T09:30:00.000Z', acquiredAt: '2026-01-05T09:30:00.000Z', activeAt: '2026-01-05T09:30:04.000Z' },
    ...{ updatedAt: '2026-01-05T09:30:04.000Z', position },
  };
  const resource = {
    ...{ id: 'default.host-18', environment: 'default', type: 'host', name: 'host-18', status: 'open', blueprint: 'LocalHost' },
    ...{ manual: false, location: 'local', attributes: { memory: 4 }, capacity: 4, load: 1 },
    ...{ slots: [{ name: 'port/8080', leaseId: 'default.lease-17' }], needs: {} },
    ...{ createdAt: '2026-01-05T09:30:00.000Z', updatedAt: '2026-01-05T09:30:04.000Z', position },
  };
  const blueprint = {
    ...{ name: 'LocalHost', type: 'host', location: 'local', can: ['allocate', 'manage', 'destroy'] },
    ...{ interfaces: ['command', 'filesystem'], attributes: { memory: { default: 2, from: 1, to: 8 } } },
    ...{ capacity: 4, placing: 'spread', limits: { resources: 2, warm: 0, idleSeconds: 600, leaseSeconds: 28800 } },
    ...{ needs: {}, made: 1, making: 0, approved: ['user/ada'] },
  };
  const quota = {
    ...{ id: 'default.user/ada.host', environment: 'default', owner: ada, type: 'host', most: 3, actor: operator },
    ...{ setAt: '2026-01-05T09:00:00.000Z', position },
  };
  return {
    LeasePage: { items: [lease], position },
    LeaseView: lease,
    LeaseRecorded: { leaseId: lease.id, position },
    LeasesReclaimed: { leaseIds: [lease.id], position },
    LeasedResourcePage: { items: [resource], position },
    LeasedResourceView: resource,
    LeasedResourceRecorded: { resourceId: resource.id, position },
    BlueprintList: { items: [blueprint] },
    BlueprintView: blueprint,
    BlueprintRecorded: { name: blueprint.name, position },
    QuotaPage: { items: [quota], position },
    QuotaView: quota,
    QuotaRecorded: { position },
    Written: { bytes: 4096 },
    CallAnswer: { result: { exitCode: 0, stdout: 'Linux\n', stderr: '' } },
  };
}
