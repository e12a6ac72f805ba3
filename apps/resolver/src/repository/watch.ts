import { watch, type FSWatcher } from 'node:fs';
import type { Clock } from '@slipway/contracts';

/** Changes within this time are looked at together, so that a file that is being written is not read half. */
const SETTLE_MS = 100;
/** Changes that nobody told us about (network file systems, too many watches) are seen after this time. */
const RESCAN_MS = 5000;

/** Calls `changed` soon after something in a folder has changed, and now and then anyway. The returned function ends it. */
export function watchFolder(folder: string, clock: Clock, changed: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let stopSettling = () => {};
  let stopRescan = () => {};
  const settle = () => {
    stopSettling();
    stopSettling = clock.after(SETTLE_MS, changed);
  };
  const follow = () => {
    try {
      watcher ??= watch(folder, { recursive: true, persistent: false }, settle).on('error', unfollow);
    } catch {
      // Not there yet, or no more watches to be had: the rescan sees it.
    }
  };
  const unfollow = () => {
    watcher?.close();
    watcher = undefined;
  };
  const rescan = () => {
    follow();
    changed();
    stopRescan = clock.after(RESCAN_MS, rescan);
  };
  follow();
  stopRescan = clock.after(RESCAN_MS, rescan);
  return () => {
    stopSettling();
    stopRescan();
    unfollow();
  };
}
