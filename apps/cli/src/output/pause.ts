import type { EnvironmentView, Pause } from '@slipway/contracts/http';
import type { Finding } from './finding.js';

/** By whom and why: one line. */
export const describePause = (pause: Pause | undefined): string => {
  if (!pause) return 'paused';
  const reason = pause.reason?.split('\n', 1)[0];
  return `paused by ${pause.by.id}${reason ? `: ${reason}` : ''}`;
};

/** An environment that works, and in which nothing is begun until somebody lets it. */
export const findingOfPaused = ({ name, pause }: EnvironmentView): Finding => ({
  check: `dispatching in ${name}`,
  ok: true,
  found: describePause(pause),
  hint: `npx slipway environments resume ${name}`,
});
