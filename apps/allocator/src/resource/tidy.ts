import type { Deciding } from '../allocation/deciding.js';
import { blueprintState, idOf, limitsOf } from '../allocation/state.js';
import { whyNotNow } from '../assignment/make.js';
import { attributesFor, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { closeWhereFree, drain, loseRest } from './standing.js';

/** Goes on with what longer decisions have left; gives back what nobody has had for long enough, but for what is to be kept ready, and what is more than a blueprint may make. */
export function tidy(deciding: Deciding): void {
  loseRest(deciding);
  for (const declared of deciding.catalogue.values()) {
    const { name } = declared;
    const { warm, idleSeconds, resources } = limitsOf(deciding.state, declared);
    const idle = deciding.state.idle.get(name);
    if (!idle) continue;
    const { made, leaving } = blueprintState(deciding.state, name);
    let unneeded = idle.size - warm;
    let tooMany = made - leaving - resources;
    for (const [, id] of idle.entries()) {
      const resource = deciding.state.resources.get(id)!;
      const isOver = unneeded > 0 && resource.idleSince + idleSeconds * 1000 <= deciding.now;
      if ((!isOver && tooMany <= 0) || deciding.isLong) break;
      const reason = isOver ? `Nobody has had it for ${idleSeconds} s` : `${name} may have made ${resources}`;
      drain(deciding, resource, { reason });
      closeWhereFree(deciding, id);
      unneeded -= 1;
      tooMany -= 1;
    }
  }
}

/** Makes what is missing of what is to be kept ready, once all who wait have what they can have. */
export function keepWarm(deciding: Deciding): void {
  for (const declared of deciding.catalogue.values()) {
    // What needs leases itself is made for somebody who has them.
    if (Object.keys(declared.needs).length > 0) continue;
    const made = attributesFor(declared, { attributes: {}, amount: 1 });
    if (!('reason' in made)) keepReady(deciding, declared, made.attributes);
  }
}

function keepReady(
  deciding: Deciding,
  declared: BlueprintDeclaration,
  attributes: Extract<ReturnType<typeof attributesFor>, { attributes: object }>['attributes'],
): void {
  const { name, type, location, capacity } = declared;
  const { warm } = limitsOf(deciding.state, declared);
  const { environment } = deciding.state;
  const ready = deciding.state.idle.get(name)?.size ?? 0;
  for (let missing = warm - ready - blueprintState(deciding.state, name).spare; missing > 0; missing -= 1) {
    if (deciding.isLong || whyNotNow(deciding.state, declared, attributes, deciding.running) !== undefined) return;
    const resourceId = idOf(environment, type, deciding.state.lastNumber + 1);
    const facts = { type, name: resourceId.slice(environment.length + 1), blueprint: name, location, capacity, attributes };
    deciding.record({ type: 'ResourceRequested', data: { resourceId, ...facts, manual: false, at: deciding.now } });
  }
}
