import { askedFor } from '../../health/health.js';
import { isAskedToStartAnew } from '../../place/start-anew.js';
import type { Container } from './container.js';
import { osgi } from './osgi.js';
import { pathOf, type ArtefactRecord } from './record.js';

/** One that says nothing by itself: its definition may say where the artefact answers; what is started anew for it is to be back. */
const answering: Container = {
  async look(record, _generation, { network, context }) {
    const { health, target, placement } = record;
    if (placement.read === 'start' && (await isAskedToStartAnew(target.folder, context)))
      return { ill: 'Its target has not been started anew yet' };
    if (target.port === undefined || (health === null && placement.read !== 'start')) return { ill: null };
    const [path, timeoutMs] = askedFor({ health });
    return { ill: await network.check(target.port, path === undefined ? undefined : `${pathOf(record)}${path}`, timeoutMs) };
  },
};

/** The one registration; what is not among these only answers. */
const CONTAINERS: Readonly<Record<string, Container>> = { osgi };

export const containerOf = ({ placement: { target } }: ArtefactRecord): Container =>
  Object.hasOwn(CONTAINERS, target) ? CONTAINERS[target]! : answering;
