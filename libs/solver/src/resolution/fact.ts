import type { Offer, Requirement, Resource } from './resource.js';
import type { Term } from './term.js';

/** A resource that a plan may hold; where copies of it must be told apart, one of them. */
export interface Node {
  resource: Resource;
  /** It is there already. */
  installed: boolean;
  /** That it is present when the plan is done. */
  term: Term;
  /** Its own among all nodes: the resource's id, with the way to it where it is a copy. */
  key: string;
  /** Of a copy that is told apart: ids of the resources within whose copies it stands, outermost first. */
  within: readonly string[];
  /** What its presence satisfies. */
  wantedBy: Demand[];
  /** What it needs, once that was looked at. */
  demands?: Demand[];
}

/** A requirement of a node, with all that could satisfy it, best first. */
export interface Demand {
  node: Node;
  requirement: Requirement;
  options: Option[];
}

/** One capability that could satisfy a demand. */
export interface Option {
  node: Node;
  offer: Offer;
  /** That it does: its provider's presence where it makes no difference which of the present ones does, else a wire of its own. */
  term: Term;
}

/** Why a clause holds, without anything derived: PubGrub's external incompatibility. */
export type Fact =
  /** Something was asked for. */
  | { kind: 'asked' }
  /** It is installed, and stays. */
  | { kind: 'installed'; node: Node }
  /** It cannot be made here. */
  | { kind: 'excluded'; node: Node }
  /** Who is there needs one of the options. */
  | { kind: 'requires'; demand: Demand }
  /** What is wired to something has it present. */
  | { kind: 'wired'; demand: Demand; option: Option }
  /** There can be one version of a singleton. */
  | { kind: 'singleton'; nodes: readonly [Node, Node] }
  /** Wired to this, a node must have a package from the same place as its provider. */
  | { kind: 'uses'; node: Node; through: Offer; source: Offer; bound: Term }
  /** A node cannot have a package from two places. */
  | { kind: 'one-source'; node: Node; offers: readonly [Offer, Offer] }
  /** What a bundle exports and has from elsewhere it does not provide itself. */
  | { kind: 'substituted'; node: Node; offer: Offer; instead: Offer }
  /** There is not so much of a capability. */
  | { kind: 'capacity'; offer: Offer; demands: readonly Demand[]; left: number }
  /** Each would have to be there before the other. */
  | { kind: 'circular'; circle: readonly Demand[] }
  /** What is installed goes only for a higher version of itself. */
  | { kind: 'replaced'; node: Node; by: readonly Node[] }
  /** So many may be upgraded and no more: made by the search for the fewest, never part of a last explanation. */
  | { kind: 'fewest-upgrades' };
