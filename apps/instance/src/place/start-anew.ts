import { dirname, join } from 'node:path';
import type { DriverContext } from '@slipway/provisioner';

type Files = Pick<DriverContext, 'filesystem'>;

/** File in an instance's folder: what it takes artefacts for is to look again, which it does when it starts. */
const ASKED = 'start-anew';

/**
 * Asks for an instance to be started anew, by the output `folder` of what takes artefacts. Who runs it does so with the next look at it, once
 * for all who have asked till then; while it is not to run nothing happens.
 */
export const askToStartAnew = (folder: string, { filesystem }: Files): Promise<void> =>
  filesystem.writeFile(join(dirname(folder), ASKED), '', { mode: 0o600 });

/** Whether it is asked for and has not begun. */
export const isAskedToStartAnew = async (folder: string, { filesystem }: Files): Promise<boolean> =>
  (await filesystem.stat(join(dirname(folder), ASKED))) !== null;

/** Ends what runs in a folder where somebody has asked for it: what comes after that is seen by whoever is started then. */
export async function endWhereAsked(home: string, { filesystem }: Files, end: () => Promise<void>): Promise<void> {
  if ((await filesystem.stat(join(home, ASKED))) === null) return;
  await end();
  await filesystem.remove(join(home, ASKED));
}
