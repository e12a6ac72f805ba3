import { backup } from 'node:sqlite';
import type { Projecting, Told } from './in-worker.js';
import { Projector, type ProjectorOptions } from './projector.js';

/** Runs the projector in this thread, on a log that is open already: for simulations and tests of projections. */
export class InThread implements Projecting {
  private readonly projector: Projector;

  constructor(options: Omit<ProjectorOptions, 'changed'>, told: Told) {
    this.projector = new Projector({ ...options, changed: (state) => told.changed(state) });
    void this.projector.start();
  }

  skip(view: string, eventId: string): Promise<void> {
    return this.projector.skip(view, eventId);
  }

  async snapshotTo(file: string): Promise<void> {
    await backup(this.projector.database, file);
  }

  close(): Promise<void> {
    return this.projector.close();
  }
}
