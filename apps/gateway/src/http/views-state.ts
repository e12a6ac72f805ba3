import type { Views } from '../views/port.js';

/** How this gateway's read models stand. */
export interface ViewsState {
  /** Up to which all have been brought, but for those that have stopped. */
  position: string;
  building: ReturnType<Views['building']>;
  stopped: ReturnType<Views['stopped']>;
}
