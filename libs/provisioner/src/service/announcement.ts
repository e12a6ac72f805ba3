import type { AnnouncedDriver } from '@slipway/contracts';
import type { Driver } from '../driver.js';
import { boundsOf } from '../step/bounds.js';

/** A driver as it is announced: the verbs are interfaces, and it has those whose methods it has. */
export function announcement(driver: Driver): AnnouncedDriver {
  const { name, portable, updatable, outputs, finds } = driver;
  const { needs, lacks } = boundsOf(driver);
  return {
    name,
    verbs: ['provision', ...(portable ? (['portable'] as const) : []), ...(updatable ? (['updatable'] as const) : [])],
    ...(portable && { accepts: [...portable.accepts] }),
    ...(updatable && { changes: { inPlace: [...updatable.inPlace], replaces: [...updatable.replaces] } }),
    bounds: { needs: [...needs], lacks: [...lacks] },
    ...(outputs && { outputs: [...outputs] }),
    ...(finds && { finds: { ...finds } }),
  };
}
