// What the gateway itself puts into its module, beside the ports of the runtime.
/** The read models: `@Inject(VIEWS) views: Views`. */
export const VIEWS = Symbol('slipway.gateway.views');
/** The newest part of the log: `@Inject(TAIL) tail: LiveTail`. */
export const TAIL = Symbol('slipway.gateway.tail');
/** Which replicas were heard of, and what they announce: `@Inject(PRESENCE) presence: Presence`. */
export const PRESENCE = Symbol('slipway.gateway.presence');
/** Aborts when the gateway stops: `@Inject(STOPPING) stopping: AbortSignal`. */
export const STOPPING = Symbol('slipway.gateway.stopping');
