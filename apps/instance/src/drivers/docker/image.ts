import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { Docker } from '@slipway/interfaces';
import type { DriverContext, EngineMarks, Identity } from '@slipway/provisioner';
import type { ContainerRecord } from './record.js';

/** What the engine says of an image. */
export interface Image {
  Id: string;
  Config: { User?: string; Labels?: Record<string, string> | null } | null;
}

/** A pull or a build takes its time; the step's own deadline ends it before, when it is shorter. */
const LONGEST = { timeoutMs: 3_600_000 };

/**
 * The image that an instance runs: pulled where the engine has none of that name, or its generation's own, built or imported
 * from the artefact that lies in the instance's folder.
 */
export class InstanceImage {
  constructor(
    private readonly docker: Docker,
    private readonly marks: EngineMarks,
    private readonly target: Identity,
    private readonly context: Pick<DriverContext, 'blobs' | 'filesystem' | 'log' | 'progress'>,
  ) {}

  /** Its name; made if it is not there. `home`: the instance's folder. */
  async stand(record: ContainerRecord, home: string): Promise<{ name: string; image: Image }> {
    const { image: pulled, build } = record.container;
    const name = pulled ?? this.#ownName;
    const known = await this.docker.inspect<Image>('image', name);
    if (known && pulled === undefined) this.marks.assertOurs(`image ${name}`, known.Config?.Labels, this.target);
    if (known) return { name, image: known };
    if (pulled !== undefined) await this.#pull(pulled);
    else if (build !== undefined) await this.#build(build, home);
    else await this.#import(record.artefact!, home);
    const image = await this.docker.inspect<Image>('image', name);
    if (image === null) throw new SlipwayError('driver-failed', `Image ${name} was removed while it was made`);
    return { name, image };
  }

  /** Takes the generation's own image away, where there is one. `docker`: who does it. */
  async remove(docker = this.docker): Promise<void> {
    const image = await this.docker.inspect<Image>('image', this.#ownName);
    if (image === null) return;
    this.marks.assertOurs(`image ${this.#ownName}`, image.Config?.Labels, this.target);
    await docker.remove('image', this.#ownName);
  }

  get #ownName(): string {
    return `${this.marks.nameOf(this.target)}:latest`;
  }

  async #pull(image: string): Promise<void> {
    this.context.progress(0.3, `Pulling ${image}`);
    await this.docker.run(['pull', '--quiet', image], LONGEST);
    this.context.log(`Pulled ${image}`);
  }

  async #build(file: string, home: string): Promise<void> {
    this.context.progress(0.3, `Building an image from ${file}`);
    const app = join(home, 'app');
    const onLine = (line: string) => this.context.log(line);
    const options = { ...LONGEST, onLine };
    const labels = this.marks.labelling(this.target);
    await this.docker.run(['build', '--tag', this.#ownName, ...labels, '--file', join(app, file), app], options);
  }

  async #import(artefact: string, home: string): Promise<void> {
    this.context.progress(0.3, 'Importing the root file system');
    const { filesystem, blobs } = this.context;
    const file = join(home, 'root.tar');
    try {
      await filesystem.writeFile(file, await blobs.open(artefact), { mode: 0o600 });
      const labels = Object.entries(this.marks.labelsOf(this.target)).map(
        ([label, value]) => `--change=LABEL ${label}="${value}"`,
      );
      await this.docker.run(['import', ...labels, file, this.#ownName], LONGEST);
    } finally {
      await filesystem.remove(file);
    }
  }
}
