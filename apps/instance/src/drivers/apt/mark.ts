import type { Target } from '@slipway/provisioner';
import type { AptRecord } from './record.js';

/** How names of our marks begin; they are packages of nothing but dependencies. */
export const MARKS = 'slipway-';

/**
 * Control file of the package that stands for a resource on its host (Debian Policy §5.3): the host's own package manager then knows that
 * what it depends on is needed, for whom, and refuses to take it away.
 */
export function controlOf({ resource, generation }: Target, { mark, wanted }: AptRecord): string {
  const depends = wanted.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`));
  return [
    `Package: ${mark}`,
    `Version: ${generation}`,
    'Architecture: all',
    'Section: metapackages',
    'Priority: optional',
    'Maintainer: Slipway <slipway@localhost>',
    `Depends: ${depends.join(', ')}`,
    `Description: what ${resource.kind} ${resource.name} of ${resource.environment} needs`,
    ' Made by Slipway, and taken away when that is deprovisioned. It holds no files.',
    '',
  ].join('\n');
}
