const FANOUT = 16;
const BITS = 4;
/** Of a hash; what is alike in all of them stands in one leaf, however many they are. */
const LEVELS = 8;
/** Entries of a leaf before it becomes a branch. */
const LEAF = 12;

/** A few entries in the order in which they came. Two lists, since most changes are of values alone: the keys are shared then. */
class Leaf<Value> {
  constructor(
    readonly keys: readonly string[],
    readonly values: readonly Value[],
  ) {}
}
type Branch<Value> = readonly (Node<Value> | undefined)[];
type Node<Value> = Leaf<Value> | Branch<Value>;

/**
 * A map whose changed copies share what did not change: a trie by hash (Bagwell, "Ideal Hash Trees", 2001) with small leaves. A change copies
 * one leaf and a small array per level, so an environment of 100,000 resources evolves in microseconds and its old states stay as they were;
 * a map of a few entries is one leaf.
 */
export class PersistentMap<Value> {
  private constructor(
    private readonly root: Node<Value> | undefined,
    readonly size: number,
  ) {}

  static of<Value>(entries: Iterable<readonly [string, Value]> = []): PersistentMap<Value> {
    let map = new PersistentMap<Value>(undefined, 0);
    for (const [key, value] of entries) map = map.with(key, value);
    return map;
  }

  get(key: string): Value | undefined {
    const { root } = this;
    return root && found(root, key, isBranch(root) ? hashOf(key) : 0);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  with(key: string, value: Value): PersistentMap<Value> {
    const { root, size } = this;
    if (!root) return new PersistentMap(new Leaf([key], [value]), 1);
    const hash = hashOf(key);
    const known = found(root, key, hash);
    if (known === value) return this;
    return new PersistentMap(added(root, key, value, hash, 0), known === undefined ? size + 1 : size);
  }

  without(key: string): PersistentMap<Value> {
    const { root, size } = this;
    if (!root) return this;
    const hash = hashOf(key);
    return found(root, key, hash) === undefined ? this : new PersistentMap(removed(root, key, hash), size - 1);
  }

  *entries(): Generator<[string, Value]> {
    const left: (Node<Value> | undefined)[] = [this.root];
    while (left.length > 0) {
      const node = left.pop();
      if (isBranch(node)) for (let at = FANOUT - 1; at >= 0; at -= 1) left.push(node[at]);
      else if (node) for (let at = 0; at < node.keys.length; at += 1) yield [node.keys[at]!, node.values[at]!];
    }
  }
}

const isBranch = <Value>(node: Node<Value> | undefined): node is Branch<Value> => Array.isArray(node);

function found<Value>(root: Node<Value>, key: string, hash: number): Value | undefined {
  let node: Node<Value> | undefined = root;
  for (let left = hash; isBranch(node); left >>>= BITS) node = node[left % FANOUT];
  return node?.values[placeOf(node, key)];
}

/** -1 where it is not there. */
function placeOf({ keys }: Leaf<unknown>, key: string): number {
  let at = keys.length - 1;
  while (at >= 0 && keys[at] !== key) at -= 1;
  return at;
}

function added<Value>(node: Node<Value> | undefined, key: string, value: Value, hash: number, level: number): Node<Value> {
  if (node === undefined) return new Leaf([key], [value]);
  if (isBranch(node)) {
    const copy = node.slice();
    const at = hash % FANOUT;
    copy[at] = added(copy[at], key, value, hash >>> BITS, level + 1);
    return copy;
  }
  const at = placeOf(node, key);
  if (at >= 0) return new Leaf(node.keys, node.values.with(at, value));
  const leaf = new Leaf([...node.keys, key], [...node.values, value]);
  return leaf.keys.length <= LEAF || level === LEVELS ? leaf : split(leaf, level);
}

function split<Value>({ keys, values }: Leaf<Value>, level: number): Node<Value> {
  const below = new Array<Node<Value> | undefined>(FANOUT).fill(undefined);
  for (const [index, key] of keys.entries()) {
    const hash = hashOf(key) >>> (BITS * level);
    const at = hash % FANOUT;
    below[at] = added(below[at], key, values[index]!, hash >>> BITS, level + 1);
  }
  return below;
}

/** Nothing where nothing is left: who looks for an entry of a map that was large does not come by what is empty. */
function removed<Value>(node: Node<Value>, key: string, hash: number): Node<Value> | undefined {
  if (isBranch(node)) {
    const copy = node.slice();
    const at = hash % FANOUT;
    copy[at] = removed(copy[at]!, key, hash >>> BITS);
    return copy.some((one) => one !== undefined) ? copy : undefined;
  }
  if (node.keys.length === 1) return undefined;
  const at = placeOf(node, key);
  return new Leaf(node.keys.toSpliced(at, 1), node.values.toSpliced(at, 1));
}

/**
 * FNV-1a (Fowler, Noll, Vo) of all but the last character, which counts last: keys with numbers that follow each other stand in one leaf. What
 * comes and goes in the order of its numbers then changes a few nodes time and again, however large the map is, instead of old ones all over it,
 * which a collector of young objects pays for.
 */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  const last = key.length - 1;
  for (let at = 0; at < last; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (((hash ^ (hash >>> 15)) & 0x0fff_ffff) | (key.charCodeAt(last) << 28)) >>> 0;
}
