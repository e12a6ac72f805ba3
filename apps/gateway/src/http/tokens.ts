// What the gateway itself puts into its module, beside the ports of the runtime.
/** The read models: `@Inject(VIEWS) views: Views`. */
export const VIEWS = Symbol('slipway.gateway.views');
/** The newest part of the log: `@Inject(TAIL) tail: LiveTail`. */
export const TAIL = Symbol('slipway.gateway.tail');
/** Aborts when the gateway stops: `@Inject(STOPPING) stopping: AbortSignal`. */
export const STOPPING = Symbol('slipway.gateway.stopping');
