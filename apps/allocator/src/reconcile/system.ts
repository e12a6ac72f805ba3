import type { Actor } from '@slipway/contracts';

/** In whose name it is decided what nobody has asked for. */
export const ALLOCATOR: Actor = { id: 'allocator', type: 'system' };
