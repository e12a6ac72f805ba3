import type { Drift, DriftedField, ResourceDrift } from '@slipway/contracts';

const SAYS: Readonly<Record<ResourceDrift['drift'], string>> = {
  missing: 'is missing',
  changed: 'is other than recorded',
  stopped: 'does not run, and is to',
  running: 'runs, and is not to',
  extra: 'is there, and stands in no stream',
};

/** All that is other than the log says, what is not known, and what was not counted. */
export function describeDrift({ environment, compared, count, items, unknown, ignored }: Drift): string {
  const lines = items.flatMap(describeItem);
  if (count > items.length) lines.push(`  ... and ${count - items.length} more`);
  for (const { kind, location, reason, resources, count: many } of unknown) {
    const more = many > resources.length ? `, and ${many - resources.length} more` : '';
    const what = many === 0 ? `what else is there of ${kind}s` : `${resources.join(', ')}${more}`;
    lines.push(`  ? ${what} at ${location}: not known. ${reason}`);
  }
  for (const { key, rule, ...difference } of ignored)
    lines.push(`  ~ ${key} ${describeDifference(difference)} (ignored: ${rule})`);
  const known = unknown.length === 0 ? '' : '; not all could be asked';
  const found = count === 0 ? 'nothing is other than the log says' : `${count} other than the log says`;
  return [...lines, `${compared} compared in ${environment}: ${found}${known}. Nothing has been changed.`].join('\n');
}

/** One resource, a difference a line. */
export function describeItem(item: ResourceDrift): string[] {
  const { key, drift, generation, location, driver, differences, where, reason, adoptable } = item;
  const which = `generation ${generation}, ${driver} at ${location}`;
  return [
    `  ! ${key} ${SAYS[drift]} (${which})`,
    ...differences.map((difference) => `      ${describeDifference(difference)}`),
    ...(where === undefined ? [] : [`      ${where}: ${reason}`]),
    ...(adoptable ? ['      can be adopted as it is'] : []),
  ];
}

function describeDifference({ field, recorded, found }: DriftedField): string {
  const said = (value: DriftedField['found']) =>
    value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return recorded === undefined && found === undefined ? field : `${field}: recorded ${said(recorded)}, found ${said(found)}`;
}
