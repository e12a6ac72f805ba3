import { SNAPSHOT_FORMAT, instant, type Part, type Plan, type RequestAccepted, type SnapshotManifest } from '@slipway/contracts';
import type { RequestState } from '../request/state.js';

/** What an export that has read out everything becomes. `now`: milliseconds since the epoch. */
export function manifestOf(
  { plan, accepted, steps }: RequestState,
  { id, mesh, now }: { id: string; mesh: string; now: number },
): SnapshotManifest {
  const exported = exportsOf(plan!);
  const { environment, name, owner } = accepted as RequestAccepted;
  const root = exported.find(({ role }) => role === '')!;
  const parts = exported.map(({ id: step, role, kind, driver, definition, spec }, at) => {
    const { holder: _holder, ...part } = steps[step]!.outputs['part'] as unknown as Part;
    return { role: role!, kind, driver, definition, spec, file: `parts/${at + 1}.zst`, ...part };
  });
  const { definition, offerings } = root;
  const of = { id, takenAt: instant(now), mesh, environment, instanceId: name, owner };
  return { format: SNAPSHOT_FORMAT, ...of, definition, ...(offerings && { offerings }), parts, wires: plan!.wires };
}

/** Steps that read out data, the instance's own first. */
const exportsOf = ({ steps }: Plan) =>
  steps.filter(({ action }) => action === 'export').toSorted((a, b) => (a.role! < b.role! ? -1 : 1));
