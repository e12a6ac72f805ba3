import { Version } from '../attribute/version.js';
import { IDENTITY } from '../requirement.js';
import type { ResolutionEnvironment } from './environment.js';
import type { Fact } from './fact.js';
import type { Offer, Requirement, Resource, Wire } from './resource.js';
import type { Supply } from './supply.js';

/** A requirement of the job, or of something that is there. */
export interface Asked {
  requirement: Requirement;
  by?: Resource;
  /** Of a copy: ids of the resources within whose copies it stands, and its own. */
  within?: readonly string[];
}

/** Compares two offers for a requirement: below 0 where the first is preferred. */
export type Order = (a: Offer, b: Offer, requirement: Requirement) => number;

/** What the resolver is asked. */
export interface Question {
  environment: ResolutionEnvironment;
  repository: Supply;
  /** What is needed, the most important first. */
  requirements: readonly Requirement[];
  /** Which of what could be installed comes first for a requirement; `byPreference` of supply.ts when left out. */
  order?: Order;
}

/** What is to be solved. */
export interface Problem {
  environment: ResolutionEnvironment;
  repository: Supply;
  asked: readonly Asked[];
  /** How many of what is installed may be replaced. */
  upgrades: number;
  /** Which of two comes first for a requirement, of what is not installed; as the solver prefers when left out. */
  order?: Order;
  /** Which of the repository may be used; all when left out. */
  allows?: (resource: Resource) => boolean;
  /** Which requirements must be satisfied; all that are not optional when left out. */
  needs?: (resource: Resource, requirement: Requirement) => boolean;
  /** Whether limited capacities count; they do when left out. */
  isLimited?: boolean;
  /** Facts that do not count, to see what would be without them; none when left out. */
  leaves?: (fact: Fact) => boolean;
}

/** Stands for the job, which has no capabilities. */
export const JOB_ID = '';
export const JOB_NAME = '(job)';

/** Whether it stands for who asks: the job, or what a job that names no definition is resolved as. No definition has its name. */
export const standsForJob = ({ name }: Resource): boolean => name === JOB_NAME;

/** The requirement that a wire answers. */
export const requirementOf = (resource: Resource | undefined, wire: Wire): Requirement | undefined =>
  resource?.requirements.find(({ name }) => name === wire.requirement);

/** What replaces a resource satisfies this. */
export const ITSELF: Requirement = {
  name: '(itself)',
  namespace: IDENTITY,
  attributes: new Map(),
  optional: false,
  multiple: false,
  amount: 0,
};

/** Stands for who asks. */
export const jobThatNeeds = (requirements: readonly Requirement[]): Resource => ({
  id: JOB_ID,
  name: JOB_NAME,
  version: new Version('0', [0, 0, 0], [], ''),
  singleton: false,
  shared: true,
  together: false,
  layer: 0,
  capabilities: [],
  requirements,
});
