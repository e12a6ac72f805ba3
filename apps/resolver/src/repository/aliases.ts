import { isAlias, isCollection, isNode, isPair, isScalar } from 'yaml';

/** Who says something once and means it often needs far fewer; each alias is looked for among all anchors. */
const MOST = 1000;

export interface AliasBounds {
  /** Characters of JSON that all aliases together may make. */
  made: number;
  /** Lists and objects within each other, with what aliases put into them. */
  deepest: number;
}

/** Why an alias is not followed, and where it stands: an offset into the text. */
export class AliasRefused extends Error {
  constructor(
    readonly offset: number,
    reason: string,
  ) {
    super(reason);
  }
}

/** What something comes to once its aliases are followed. */
interface Weight {
  size: number;
  depth: number;
}

/**
 * Reckons what the aliases (`*name`) of a document make, without making it: a few lines of aliases of aliases are a document of any
 * size. Throws `AliasRefused`. Whoever calls has bounded the depth of what is written.
 */
export function checkAliases(root: unknown, { made, deepest }: AliasBounds): void {
  /** By anchor, the last one before; nothing while within it. */
  const anchored = new Map<string, Weight | undefined>();
  let [count, left] = [0, made];

  const weigh = (node: unknown, depth: number): Weight => {
    if (isPair(node)) {
      const [key, value] = [weigh(node.key, depth), weigh(node.value, depth)];
      return { size: key.size + value.size, depth: Math.max(key.depth, value.depth) };
    }
    if (!isNode(node)) return { size: 4, depth: 0 };
    const at = node.range?.[0] ?? 0;
    const anchor = isAlias(node) ? undefined : node.anchor;
    if ((isAlias(node) || anchor !== undefined) && ++count > MOST)
      throw new AliasRefused(at, `has more than ${MOST} anchors (&name) and aliases (*name)`);
    if (isAlias(node)) return followed(node.source, at, depth);
    if (anchor !== undefined) anchored.set(anchor, undefined);
    const weight = isCollection(node) ? ofAll(node.items, depth + 1) : { size: sizeOf(node), depth: 0 };
    if (anchor !== undefined) anchored.set(anchor, weight);
    return weight;
  };
  const ofAll = (items: readonly unknown[], depth: number): Weight => {
    const weights = items.map((item) => weigh(item, depth));
    return {
      size: weights.reduce((total, { size }) => total + size + 1, 2),
      depth: weights.reduce((most, one) => Math.max(most, one.depth), 0) + 1,
    };
  };
  const followed = (name: string, at: number, depth: number): Weight => {
    if (!anchored.has(name)) throw new AliasRefused(at, `*${name} names nothing: its anchor, &${name}, must stand before it`);
    const weight = anchored.get(name);
    if (!weight) throw new AliasRefused(at, `*${name} stands within what it names`);
    left -= weight.size;
    if (left < 0) throw new AliasRefused(at, `with *${name} the aliases make more than ${made} bytes; write less of it often`);
    if (depth + weight.depth > deepest) throw new AliasRefused(at, `with *${name} it is nested more than ${deepest} deep`);
    return weight;
  };
  weigh(root, 0);
}

const sizeOf = (node: unknown): number => (isScalar(node) ? JSON.stringify(node.value ?? null).length : 4);
