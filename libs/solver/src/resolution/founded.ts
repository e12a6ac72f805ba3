import type { Demand, Node, Option } from './fact.js';

/** Whether an option's provider has to be there before who requires it. */
const isOrdered = ({ node }: Demand, option: Option): boolean => !(node.resource.together && option.node.resource.together);

/** There already, or not looked at yet: then nothing speaks against it so far. */
const isGiven = ({ node }: Option): boolean => node.installed || node.demands === undefined;

/** These nodes and all that they lead to by options that hold, as far as that was looked at. */
export function leadingOn(from: Iterable<Node>, holds: (option: Option) => boolean): Set<Node> {
  const reached = new Set(from);
  // What is added on the way is visited too.
  for (const { demands } of reached)
    for (const { options } of demands!)
      for (const option of options) if (holds(option) && !isGiven(option)) reached.add(option.node);
  return reached;
}

/**
 * The order in which nodes can be installed, each after all that it needs: what the well-founded part of a selection is in
 * answer set programming. `holds` says of an option that it is selected. What is left out stands in a circle, or on one.
 */
export function inOrderOfInstallation(nodes: ReadonlySet<Node>, holds: (option: Option) => boolean): Map<Node, number> {
  const order = new Map<Node, number>();
  const waiting = new Map<Node, Set<Node>>();
  const serves = (demand: Demand, option: Option) =>
    holds(option) && (isGiven(option) || order.has(option.node) || (!isOrdered(demand, option) && nodes.has(option.node)));
  const isReady = (node: Node) => node.demands!.every((demand) => demand.options.some((option) => serves(demand, option)));
  const ready: Node[] = [];
  for (const node of nodes) {
    if (isReady(node)) ready.push(node);
    else
      for (const { options } of node.demands!)
        for (const option of options) {
          if (!holds(option)) continue;
          const users = waiting.get(option.node);
          if (users) users.add(node);
          else waiting.set(option.node, new Set([node]));
        }
  }
  for (let next = 0; next < ready.length; next++) {
    const node = ready[next]!;
    if (order.has(node)) continue;
    order.set(node, order.size);
    for (const user of waiting.get(node) ?? []) if (!order.has(user) && isReady(user)) ready.push(user);
  }
  return order;
}

/** Whether a demand of a node with this place in the order may be wired to an option. */
export const comesBefore = (demand: Demand, option: Option, order: ReadonlyMap<Node, number>): boolean => {
  if (isGiven(option)) return true;
  const provider = order.get(option.node);
  const own = order.get(demand.node);
  return provider !== undefined && (own === undefined || provider < own || !isOrdered(demand, option));
};

/**
 * A set of nodes that stand on nothing but each other, with a demand of each for which that is so; and what else could satisfy one of
 * these demands.
 */
export function unfounded(
  nodes: ReadonlySet<Node>,
  order: ReadonlyMap<Node, number>,
  holds: (option: Option) => boolean,
): { circle: Demand[]; others: Option[] } {
  const first = [...nodes].find((node) => !order.has(node))!;
  const demands = new Map<Node, Demand>();
  const pending = [first];
  const stands = (demand: Demand) =>
    demand.options.some((option) => holds(option) && (comesBefore(demand, option, order) || !isOrdered(demand, option)));
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (demands.has(node)) continue;
    const demand = node.demands!.find((one) => !stands(one))!;
    demands.set(node, demand);
    for (const option of demand.options) if (holds(option) && nodes.has(option.node)) pending.push(option.node);
  }
  const others = [...demands.values()].flatMap((demand) =>
    demand.options.filter((option) => !demands.has(option.node) || !isOrdered(demand, option)),
  );
  return { circle: [...demands.values()], others };
}
