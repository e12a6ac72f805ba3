import type { AnnouncedDriver, FieldError, JsonObject, Plan, PlanStep } from '@slipway/contracts';

/** `${<requirement>.<output>}` */
const PLACEHOLDER = /\$\{([^.{}]+)\.([^.{}]+)\}/g;
/** Fields of a spec whose texts are filled in. */
const FILLED = ['environment', 'files'] as const;

/**
 * Placeholders of a step's spec for what another step of the plan makes, by a driver that is known to have no such output: each by its
 * field, with what there is. What stands already, and drivers that do not say what they give, are left to whoever fills them in.
 */
export function unfilled(
  { id, spec }: PlanStep,
  { steps, wires }: Plan,
  { finds = {} }: AnnouncedDriver,
  driverOf: (step: PlanStep) => AnnouncedDriver | undefined,
): FieldError[] {
  return textsOf(spec).flatMap(([field, text]) =>
    [...text.matchAll(PLACEHOLDER)].flatMap(([placeholder, name, output]) => {
      const wire = wires.find(({ from, requirement }) => from === id && requirement === name);
      const used = steps.find((step) => step.id === wire?.to);
      const outputs = used && driverOf(used)?.outputs;
      if (!outputs || outputs.includes(output!)) return [];
      const other = Object.hasOwn(finds, output!) ? finds[output!] : undefined;
      if (other !== undefined && outputs.includes(other)) return [];
      const reason = `${placeholder} is not to be had: the ${used.kind} driver ${used.driver} gives ${outputs.join(', ')}`;
      return [{ field, reason }];
    }),
  );
}

const textsOf = (spec: JsonObject): [field: string, text: string][] =>
  FILLED.flatMap((field) =>
    Object.entries((spec[field] ?? {}) as JsonObject).flatMap(([name, text]): [string, string][] =>
      typeof text === 'string' ? [[`${field}.${name}`, text]] : [],
    ),
  );
