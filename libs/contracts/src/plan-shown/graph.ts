import type { Plan } from '../plan.js';
import { resourceKey } from '../services.js';
import { signOf } from './describe-plan.js';

/** What a plan makes, changes, removes, uses or touches. */
export interface Node {
  id: string;
  /** `+`, `~`, `-`, …; `=` is there and used, `*` is touched. */
  sign: string;
  /** `guestbook@1.0.0`; of what is only touched nothing is known here. */
  definition?: string;
}

/** `wire`: `from` uses `to`, as `label`. `order`: `to` comes after `from`. `touch`: what is done to `from` touches `to`. */
export interface Edge {
  kind: 'wire' | 'order' | 'touch';
  from: string;
  to: string;
  label: string;
}

export interface PlanGraph {
  nodes: Node[];
  edges: Edge[];
}

/** A plan as a graph: its wires, the order where no wire says it already, and who else is touched. */
export function graphOf(plan: Plan): PlanGraph {
  const nodes = new Map<string, Node>();
  const steps = new Map<string, string[]>();
  for (const step of plan.steps) {
    const { name, version } = step.definition;
    nodes.set(step.id, { id: step.id, sign: signOf(step, plan), definition: `${name}@${version}` });
    const key = resourceKey(step);
    steps.set(key, [...(steps.get(key) ?? []), step.id]);
  }
  for (const used of plan.alreadySatisfied) {
    const { name, version } = used.definition;
    nodes.set(resourceKey(used), { id: resourceKey(used), sign: '=', definition: `${name}@${version}` });
  }
  const there = (id: string, sign: string): string => {
    if (!nodes.has(id)) nodes.set(id, { id, sign });
    return id;
  };
  /** What stands for a resource: its one step. A resource with several, as in an export, stands for itself in no wire. */
  const nodeOf = (key: string): string | undefined => {
    const ids = steps.get(key) ?? [key];
    return ids.length === 1 ? ids[0] : undefined;
  };
  const edges: Edge[] = plan.wires.flatMap(({ from, requirement, to }) => {
    const [user, used] = [nodeOf(from), nodeOf(to)];
    if (user === undefined || used === undefined) return [];
    return [{ kind: 'wire', from: there(user, '='), to: there(used, '='), label: requirement }];
  });
  const wired = new Set(edges.map(({ from, to }) => `${from}\n${to}`));
  for (const { id, after } of plan.steps)
    for (const before of after)
      if (nodes.has(before) && !wired.has(`${id}\n${before}`)) edges.push({ kind: 'order', from: before, to: id, label: 'then' });
  for (const { key, through } of plan.affected ?? [])
    edges.push({ kind: 'touch', from: there(through[0] ?? key, '*'), to: there(key, '*'), label: 'touches' });
  return { nodes: [...nodes.values()], edges };
}

/** As text: each thing with what it uses below it, each of them once. */
export function drawTree({ nodes, edges }: PlanGraph): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const below = new Map<string, Edge[]>();
  for (const edge of edges) below.set(edge.from, [...(below.get(edge.from) ?? []), edge]);
  const targets = new Set(edges.map(({ to }) => to));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const draw = (id: string, label: string, head: string, rest: string): void => {
    const { sign, definition } = byId.get(id)!;
    const again = drawn.has(id) && below.has(id);
    lines.push(`${head}${label}${sign} ${id}${definition === undefined ? '' : ` (${definition})`}${again ? ', see above' : ''}`);
    if (drawn.has(id)) return;
    drawn.add(id);
    const children = below.get(id) ?? [];
    for (const [at, edge] of children.entries()) {
      const isLast = at === children.length - 1;
      draw(edge.to, `${edge.label}: `, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`);
    }
  };
  for (const { id } of nodes) if (!targets.has(id)) draw(id, '', '', '');
  // What is wired in circles only has no top: its first one is as good as any.
  for (const { id } of nodes) if (!drawn.has(id)) draw(id, '', '', '');
  return lines.join('\n');
}

const COLOURS: Readonly<Record<string, string>> = {
  '+': '#1a7f37',
  '^': '#1a7f37',
  '~': '#9a6700',
  '-': '#cf222e',
  '.': '#cf222e',
};
const colourOf = (sign: string): string => COLOURS[sign] ?? '#57606a';

/** In the language of Graphviz (DOT). */
export function drawDot({ nodes, edges }: PlanGraph): string {
  const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const label = ({ sign, id, definition }: Node) => [`${sign} ${id}`, ...(definition === undefined ? [] : [definition])];
  return [
    'digraph plan {',
    '  rankdir=LR',
    '  node [shape=box, style=rounded, fontname="sans-serif"]',
    '  edge [fontname="sans-serif", fontsize=10]',
    ...nodes.map((node) => {
      const text = label(node).map((line) => quoted(line).slice(1, -1));
      return `  ${quoted(node.id)} [label="${text.join('\\n')}", color="${colourOf(node.sign)}"]`;
    }),
    ...edges.map(({ kind, from, to, label: text }) => {
      const style = kind === 'wire' ? '' : ', style=dashed';
      return `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(text)}${style}]`;
    }),
    '}',
  ].join('\n');
}

/** In the language of Mermaid, which GitHub, GitLab and many editors show as a picture. */
export function drawMermaid({ nodes, edges }: PlanGraph): string {
  const quoted = (text: string): string =>
    `"${text.replaceAll(/[#&"<>`\\]/g, (character) => `#${character.codePointAt(0)};`).replaceAll('\n', ' ')}"`;
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  return [
    'flowchart LR',
    ...nodes.map(({ id, sign, definition }) => {
      const text = definition === undefined ? `${sign} ${id}` : `${sign} ${id} (${definition})`;
      return `  ${ids.get(id)}[${quoted(text)}]`;
    }),
    ...edges.map(
      ({ kind, from, to, label }) => `  ${ids.get(from)} ${kind === 'wire' ? '-->' : '-.->'}|${quoted(label)}| ${ids.get(to)}`,
    ),
    ...nodes.map(({ id, sign }) => `  style ${ids.get(id)} stroke:${colourOf(sign)}`),
  ].join('\n');
}

/** Forms in which a graph is drawn, by their names. */
export const PLAN_DRAWINGS = { tree: drawTree, mermaid: drawMermaid, dot: drawDot } as const;
