import type { InstalledRequirementView } from '@slipway/contracts/http';

const IDENTITY = 'slipway.identity';

/** A requirement in words: `volume@^1.0.0`, `storage {fast: true} (size>=2)`. */
export function needed({
  namespace,
  attributes = {},
  range,
  filter,
}: Pick<InstalledRequirementView, 'namespace' | 'attributes' | 'range' | 'filter'>): string {
  const { name, ...others } = attributes;
  const isIdentity = namespace === IDENTITY && typeof name === 'string';
  const said = Object.entries(isIdentity ? others : attributes).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    isIdentity ? `${name}${range === undefined ? '' : `@${range}`}` : namespace,
    ...(said.length > 0 ? [`{${said.join(', ')}}`] : []),
    ...(isIdentity || range === undefined ? [] : [range]),
    ...(filter === undefined ? [] : [filter]),
  ].join(' ');
}
