import { copyFile } from './file.js';
import type { Projecting, Told } from './in-worker.js';
import { Projector, type ProjectorOptions } from './projector.js';

/** Runs the projector in this thread, on a log that is open already: for simulations and tests of projections. */
export class InThread implements Projecting {
  private readonly projector: Projector;

  constructor(
    private readonly options: Omit<ProjectorOptions, 'changed'>,
    told: Told,
  ) {
    this.projector = new Projector({ ...options, changed: (state) => told.changed(state) });
    void this.projector.start();
  }

  skip(view: string, eventId: string): Promise<void> {
    return this.projector.skip(view, eventId);
  }

  snapshotTo(file: string): Promise<void> {
    return copyFile(this.options.file, file);
  }

  close(): Promise<void> {
    return this.projector.close();
  }
}
