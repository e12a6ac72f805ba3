import { setTimeout as sleep } from 'node:timers/promises';
import type { SlipwayClient } from '@slipway/client';
import { SlipwayError } from '@slipway/contracts';
import type { OwnGateway } from './own-gateway.js';

/** How often it is asked, in ms: while it comes up, and once it has been said that it takes longer. */
const ASK_MS = 50;
const ASK_LATER_MS = 1_000;

export interface UntilReadyOptions {
  /** The gateway as it is now: it may be started again meanwhile. */
  gateway(): Pick<OwnGateway, 'url' | 'client' | 'command'>;
  say(line: string): void;
  /** What is not ready by then is told, in ms. */
  withinMs?: number;
}

/**
 * Resolves when every service says that it is ready. What does not come by itself, or has not come in time, is told with the
 * way out, and waited for: a person can mend it only while the mesh runs. Throws when the gateway has not answered in time.
 */
export async function untilReady({ gateway, say, withinMs = 60_000 }: UntilReadyOptions): Promise<void> {
  const until = Date.now() + withinMs;
  for (let told = ''; ; await sleep(told ? ASK_LATER_MS : ASK_MS)) {
    const late = Date.now() > until;
    try {
      const own = gateway();
      const { ready, checks } = await own.client.ready();
      if (ready) return;
      const missing = checks.filter((check) => !check.ready);
      const stopped = missing.some(({ name }) => name === 'views') ? await stoppedAtEvents(own.client) : [];
      if (!late && stopped.length === 0) continue;
      const lines = [
        ...missing.map(({ name, reason }) => `  ${name}: ${reason ?? 'not ready'}`),
        ...(stopped.length > 0 ? ['What a view has stopped at is skipped by hand, once you have looked at it:'] : []),
        ...stopped.map(({ view, eventId }) => `  ${own.command('views', 'skip', view, eventId)}`),
      ];
      if (told === lines.join('\n')) continue;
      told = lines.join('\n');
      say('');
      say(`WARNING: ${own.url} answers, but is not ready. The mesh stays up, and goes on once this is mended:`);
      for (const line of lines) say(line);
      say('To look further:');
      say(`  ${own.command('doctor')}`);
    } catch (error) {
      // While it is started again it does not answer.
      if (late && !told)
        throw new SlipwayError('internal', `The gateway did not answer in ${withinMs / 1000} s: ${(error as Error).message}`);
    }
  }
}

/** Read models that go on only when a person skips the event that they have stopped at. */
async function stoppedAtEvents(client: SlipwayClient): Promise<{ view: string; eventId: string }[]> {
  const { stopped } = await client.views.state();
  return stopped.flatMap(({ view, eventId }) => (eventId === undefined ? [] : [{ view, eventId }]));
}
