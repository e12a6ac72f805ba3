import {
  CHANGED_HOW,
  INVERSES,
  PLAN_OUTCOMES,
  STEP_ACTIONS,
  type Affected,
  type Belonging,
  type Change,
  type Capability,
  type ExplanationLine,
  type Former,
  type Needed,
  type Part,
  type Plan,
  type PlanExplanation,
  type PlanLease,
  type PlanRead,
  type PlanStep,
  type PlanTurn,
  type Unsatisfied,
  type Wire,
} from '@slipway/contracts';
import { count, described, flag, json, kind, list, number, object, oneOf, optional, ref, text, type Schema } from './schema.js';

/** A requirement, under the name by which it is wired. */
export const NEEDED = {
  name: described(text, 'By which it is wired.'),
  through: optional(described(list(text), 'The abstract definitions whose requirement it is.')),
  namespace: text,
  attributes: optional(json),
  range: optional(text),
  filter: optional(described(text, 'Of OSGi Core 8 §3.2.7.')),
  cardinality: optional(oneOf(['single', 'multiple'])),
  effective: optional(text),
  amount: optional(described(number, 'What it takes of a capability with limited capacity.')),
  resolution: optional(oneOf(['mandatory', 'optional'])),
};

/** Plans: what a job would do, and why it cannot be done. */
export const PLAN_SCHEMAS: Record<string, Schema> = {
  Plan: object<Plan>({
    environment: text,
    outcome: oneOf([...PLAN_OUTCOMES]),
    alreadySatisfied: list(ref('InstalledRef')),
    steps: list(ref('PlanStep')),
    wires: list(ref('Wire')),
    leases: described(
      list(object<PlanLease>({ key: text, holder: text, requirement: text, namespace: text, amount: count, capacity: count })),
      'Capacity that the plan takes of what has only so much.',
    ),
    reads: list(
      object<PlanRead>({
        key: text,
        generation: { ...count, nullable: true },
        updates: optional(described(count, 'How often it had been updated since its generation was made; left out where never.')),
        users: optional(described(list(text), 'Of what is changed or removed: all that were wired to it.')),
        leaving: optional(described(list(text), 'Of what is shared and left to others: its users that go.')),
      }),
    ),
    writes: list(text),
    turns: optional(
      described(
        list(object<PlanTurn>({ key: text, generation: count })),
        'What plans take turns at: a capacity, a target, a version of what there is one version of.',
      ),
    ),
    affected: optional(
      described(
        list(
          object<Affected>({
            key: text,
            through: described(list(text), 'First what it is wired to itself, last what is changed.'),
            why: text,
          }),
        ),
        'Who stays as it is and is wired to what is changed, itself or through others.',
      ),
    ),
    destination: optional(described(text, 'Of an export: where its archive goes as well, `store` or `store:folder`.')),
    along: optional(described(list(text), 'Names of the instances that a deprovision takes along.')),
    unsatisfied: list(ref('Unsatisfied')),
    explanation: optional(ref('PlanExplanation')),
    hash: text,
    repository: optional(
      described(
        text,
        'Hash of all definitions that were in force. With the same one and the same environment it is made again as it is.',
      ),
    ),
    elsewhere: optional(
      described(text, 'Of what is lacking: other repositories that could not be asked now, since when and why. Not hashed.'),
    ),
  }),
  PlanExplanation: object<PlanExplanation>({
    lines: list(
      object<ExplanationLine>({
        suppose: optional(described(text, 'What is supposed, to show that it cannot be.')),
        because: optional(described(text, 'Why something holds.')),
        therefore: optional(described(text, 'What follows from it.')),
      }),
    ),
    fixes: described(list(text), 'Changes of which each alone, tried on the whole, makes it possible.'),
  }),
  PlanStep: object<PlanStep>({
    id: text,
    action: oneOf([...STEP_ACTIONS]),
    kind,
    name: text,
    generation: count,
    definition: ref('DefinitionRef'),
    location: text,
    driver: text,
    spec: json,
    offerings: optional(described(json, 'What holds of all that is offered for it: its driver gets it.')),
    requirements: optional(
      described(list(json), 'What its job needed beside the definition, each with the name that it is wired by.'),
    ),
    capabilities: optional(described(list(ref('Capability')), 'What it offers beside its identity, as it was resolved.')),
    needs: optional(described(list(ref('Needed')), 'All that it needs, as it was resolved.')),
    after: list(text),
    shared: optional(flag),
    belongs: optional(
      described(
        object<Belonging>({
          owner: ref('Owner'),
          instanceId: optional(text),
          guestLocation: text,
          provisioner: optional(text),
        }),
        'Whose it stays, or becomes, of an upgrade of what others have; the request’s own when left out.',
      ),
    ),
    because: optional(
      described(
        text,
        'Why this definition, where others satisfy the requirement too; why it is upgraded; or that it is taken along.',
      ),
    ),
    inverse: oneOf([...INVERSES]),
    from: optional(ref('Part')),
    role: optional(described(text, 'What it is to the instance, of an `export`: names of the requirements that lead to it.')),
    changes: optional(described(list(ref('Change')), 'Why, of an `update`.')),
    before: optional(described(ref('Former'), 'What it was, of an `update`.')),
  }),
  Part: object<Part>({
    ...{ sha256: text, bytes: count, mediaType: text, contentBytes: count },
    holder: optional(described(text, 'Who has the blob: an id that names one snapshot’s parts.')),
  }),
  Change: object<Change>({
    field: described(
      text,
      '`definition`, `spec.sizeLimit`, `offering.greeting`, `requirements.data`, `requirements.data.secrets`.',
    ),
    from: optional(described(text, 'Left out where there was nothing, or too much to be shown.')),
    to: optional(text),
    how: described(oneOf([...CHANGED_HOW]), 'In what is there, or by making anew what it touches; data are kept either way.'),
  }),
  Former: object<Former>({
    definition: ref('DefinitionRef'),
    spec: json,
    offerings: optional(json),
    wires: list(ref('Wire')),
  }),
  Capability: object<Capability>({
    namespace: text,
    attributes: optional(json),
    uses: optional(list(text)),
    mandatory: optional(described(list(text), 'Attributes that who requires it must ask for by value.')),
    capacity: optional(described(number, 'How much there is of it; without end when left out.')),
    effective: optional(text),
  }),
  Needed: object<Needed>(NEEDED),
  Wire: object<Wire>({ from: text, requirement: text, to: text }),
  Unsatisfied: object<Unsatisfied>({
    chain: described(list(text), 'Who requires it, outermost first.'),
    requirement: text,
    reason: oneOf([
      'no-definition',
      'no-version',
      'no-capability',
      'circular',
      'no-location',
      'no-driver',
      'artefact-unfit',
      'not-healthy',
      'no-capacity',
      'clash',
      'still-needed',
      'name-in-use',
      'snapshot-unfit',
      'not-updatable',
    ]),
    message: text,
  }),
};
