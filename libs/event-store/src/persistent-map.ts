const FANOUT = 16;
const BITS = 4;
/** Of a hash; what is alike in all of them stands in one leaf, however many they are. */
const LEVELS = 8;
/** Entries of a leaf before it becomes a branch. */
const LEAF = 12;

type Leaf<Value> = ReadonlyMap<string, Value>;
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
    let node = this.root;
    if (isBranch(node)) for (let hash = hashOf(key); isBranch(node); hash >>>= BITS) node = node[hash % FANOUT];
    return node?.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  with(key: string, value: Value): PersistentMap<Value> {
    const size = this.size + Number(!this.has(key));
    return new PersistentMap(added(this.root, key, value, hashOf(key), 0), size);
  }

  without(key: string): PersistentMap<Value> {
    return this.has(key) ? new PersistentMap(removed(this.root!, key, hashOf(key)), this.size - 1) : this;
  }

  *entries(): Generator<[string, Value]> {
    yield* entriesOf(this.root);
  }
}

const isBranch = <Value>(node: Node<Value> | undefined): node is Branch<Value> => Array.isArray(node);

function* entriesOf<Value>(node: Node<Value> | undefined): Generator<[string, Value]> {
  if (isBranch(node)) for (const below of node) yield* entriesOf(below);
  else if (node) yield* node;
}

function added<Value>(node: Node<Value> | undefined, key: string, value: Value, hash: number, level: number): Node<Value> {
  if (isBranch(node)) {
    const copy = node.slice();
    const at = hash % FANOUT;
    copy[at] = added(copy[at], key, value, hash >>> BITS, level + 1);
    return copy;
  }
  const leaf = new Map(node).set(key, value);
  return leaf.size <= LEAF || level === LEVELS ? leaf : split(leaf, level);
}

function split<Value>(leaf: Leaf<Value>, level: number): Node<Value> {
  const below = Array.from({ length: FANOUT }, () => undefined as Map<string, Value> | undefined);
  for (const [key, value] of leaf) {
    const at = (hashOf(key) >>> (BITS * level)) % FANOUT;
    below[at] = (below[at] ?? new Map<string, Value>()).set(key, value);
  }
  return below.map((one) => (one && one.size > LEAF && level + 1 < LEVELS ? split(one, level + 1) : one));
}

/** Nothing where nothing is left: who looks for an entry of a map that was large does not come by what is empty. */
function removed<Value>(node: Node<Value>, key: string, hash: number): Node<Value> | undefined {
  if (isBranch(node)) {
    const copy = node.slice();
    const at = hash % FANOUT;
    copy[at] = removed(copy[at]!, key, hash >>> BITS);
    return copy.some((one) => one !== undefined) ? copy : undefined;
  }
  const leaf = new Map(node);
  leaf.delete(key);
  return leaf.size > 0 ? leaf : undefined;
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
