import { randomUUID } from 'node:crypto';
import type { JsonObject, Part } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Target } from '../driver.js';
import { readOut } from '../step/data.js';

/** One call of a driver, as the contract makes it. */
export interface DriverCall {
  action: 'ensure' | 'destroy' | 'update' | 'export';
  target: Target;
  spec: JsonObject;
  inputs: Record<string, JsonObject>;
}

export type CallResult = Ensured | Omit<Ensured, 'effect'> | 'destroyed' | 'absent' | Part;

export function callDriver(
  driver: Driver,
  { action, target, spec, inputs }: DriverCall,
  context: DriverContext,
): Promise<CallResult> {
  switch (action) {
    case 'ensure':
      return driver.ensure(target, spec, inputs, context);
    case 'destroy':
      return driver.destroy(target, context);
    case 'update':
      return driver.updatable!.update(target, spec, inputs, context);
    case 'export':
      return readOut(driver.portable!, target, spec, context, randomUUID());
  }
}
