/** A whole number from 0 to 2^53, or several, the first of which counts most; the last is another one for each. */
type Key = number | readonly number[];

interface Node<Value, Its extends Key = Key> {
  key: Its;
  value: Value;
  size: number;
  left: Node<Value, Its> | undefined;
  right: Node<Value, Its> | undefined;
}

/**
 * Values in the order of their keys, whose changed copies share what did not change: a treap (Aragon, Seidel,
 * "Randomized Search Trees", 1989) whose priorities are a hash of the keys, so that the same entries are always the same tree. First, place of
 * a key, and a change take the time of the logarithm of the size.
 */
export class PersistentOrder<Value, Its extends Key = number> {
  private constructor(private readonly root: Node<Value, Its> | undefined) {}

  static of<Value, Its extends Key = number>(entries: Iterable<readonly [Its, Value]> = []): PersistentOrder<Value, Its> {
    let order = new PersistentOrder<Value, Its>(undefined);
    for (const [key, value] of entries) order = order.with(key, value);
    return order;
  }

  get size(): number {
    return sizeOf(this.root);
  }

  has(key: Its): boolean {
    return this.#at(key) !== undefined;
  }

  get(key: Its): Value | undefined {
    return this.#at(key)?.value;
  }

  #at(key: Its): Node<Value, Its> | undefined {
    let node = this.root;
    for (let way = 0; node && (way = compared(key, node.key)) !== 0;) node = way < 0 ? node.left : node.right;
    return node;
  }

  with(key: Its, value: Value): PersistentOrder<Value, Its> {
    return new PersistentOrder(inserted(this.root, key, value));
  }

  without(key: Its): PersistentOrder<Value, Its> {
    return this.has(key) ? new PersistentOrder(removed(this.root, key)) : this;
  }

  /** Of the least key. */
  first(): [Its, Value] | undefined {
    let node = this.root;
    while (node?.left) node = node.left;
    return node && [node.key, node.value];
  }

  /** How many entries come before the first that `isBefore` does not hold of; it must hold of none after that. */
  countWhile(isBefore: (key: Its, value: Value) => boolean): number {
    let count = 0;
    for (let node = this.root; node;)
      if (isBefore(node.key, node.value)) {
        count += sizeOf(node.left) + 1;
        node = node.right;
      } else node = node.left;
    return count;
  }

  /** From a key on, or from the least. */
  *entries(from?: Its): Generator<[Its, Value]> {
    const above: Node<Value, Its>[] = [];
    for (let node = this.root; node || above.length > 0;) {
      while (node)
        if (from !== undefined && compared(node.key, from) < 0) node = node.right;
        else {
          above.push(node);
          node = node.left;
        }
      const next = above.pop();
      if (!next) return;
      yield [next.key, next.value];
      node = next.right;
    }
  }

  /** From the greatest key down. */
  *reversed(): Generator<[Its, Value]> {
    const below: Node<Value, Its>[] = [];
    for (let node = this.root; node || below.length > 0;) {
      for (; node; node = node.right) below.push(node);
      const next: Node<Value, Its> = below.pop()!;
      yield [next.key, next.value];
      node = next.left;
    }
  }
}

const sizeOf = (node: Node<unknown> | undefined): number => node?.size ?? 0;

const joined = <Value, Its extends Key>(
  { key, value }: Pick<Node<Value, Its>, 'key' | 'value'>,
  left: Node<Value, Its> | undefined,
  right: Node<Value, Its> | undefined,
): Node<Value, Its> => ({ key, value, size: sizeOf(left) + sizeOf(right) + 1, left, right });

function inserted<Value, Its extends Key>(node: Node<Value, Its> | undefined, key: Its, value: Value): Node<Value, Its> {
  if (!node) return joined({ key, value }, undefined, undefined);
  const way = compared(key, node.key);
  if (way === 0) return joined({ key, value }, node.left, node.right);
  if (way < 0) {
    const left = inserted(node.left, key, value);
    return isAbove(left, node) ? joined(left, left.left, joined(node, left.right, node.right)) : joined(node, left, node.right);
  }
  const right = inserted(node.right, key, value);
  return isAbove(right, node) ? joined(right, joined(node, node.left, right.left), right.right) : joined(node, node.left, right);
}

function removed<Value, Its extends Key>(node: Node<Value, Its> | undefined, key: Its): Node<Value, Its> | undefined {
  if (!node) return undefined;
  const way = compared(key, node.key);
  if (way === 0) return merged(node.left, node.right);
  return way < 0 ? joined(node, removed(node.left, key), node.right) : joined(node, node.left, removed(node.right, key));
}

function merged<Value, Its extends Key>(
  left: Node<Value, Its> | undefined,
  right: Node<Value, Its> | undefined,
): Node<Value, Its> | undefined {
  if (!left || !right) return left ?? right;
  return isAbove(left, right)
    ? joined(left, left.left, merged(left.right, right))
    : joined(right, merged(left, right.left), right.right);
}

/** Less than 0 where the first comes first. */
function compared(one: Key, other: Key): number {
  if (typeof one === 'number') return one - (other as number);
  const others = other as readonly number[];
  for (const [at, number] of one.entries()) if (number !== others[at]) return number - others[at]!;
  return 0;
}

const isAbove = (one: Node<unknown>, other: Node<unknown>): boolean => mixed(one.key) > mixed(other.key);

/** The finaliser of MurmurHash3 (32 bits). */
function mixed(key: Key): number {
  const number = typeof key === 'number' ? key : key.at(-1)!;
  let hash = (number ^ (number / 0x1_0000_0000)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
