import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError, type ResourceKind } from '@slipway/contracts';
import type { Docker } from '@slipway/interfaces';
import type { DriverContext, Identity, Mark } from '../driver.js';
import { generationMarks } from './generation-folder.js';

/** File in a place's root: what tells its things at an engine from those of other places that use the same one. */
const PLACE = 'place';

const LABEL = 'slipway.';

/**
 * How things at an engine (containers, volumes, images) are named and labelled as ours. The generation's folder decides who
 * makes and who has been given back (`GenerationFolder`); an engine's thing bears the generation in its name, so that what an
 * ensure makes late is never taken for a newer one.
 */
export class EngineMarks {
  private constructor(
    readonly place: string,
    private readonly mesh: string,
  ) {}

  /** Those of a place; at its first use it gets an id. */
  static async at({ filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>, mesh: string): Promise<EngineMarks> {
    const known = await EngineMarks.known({ filesystem, root }, mesh);
    if (known) return known;
    try {
      await filesystem.writeFile(join(root, PLACE), `${randomBytes(4).toString('hex')}\n`, { exclusive: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return (await EngineMarks.known({ filesystem, root }, mesh))!;
  }

  /** Those of a place where something was made before; `null`: so there is nothing at its engine. */
  static async known(
    { filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>,
    mesh: string,
  ): Promise<EngineMarks | null> {
    const text = await filesystem.readFile(join(root, PLACE));
    return text && new EngineMarks(text.toString('utf8').trim(), mesh);
  }

  /** All generations of a kind that carry our mark: their folders, and what the engine has without one. */
  static async all(
    context: Pick<DriverContext, 'filesystem' | 'root'>,
    docker: Docker,
    object: 'container' | 'volume',
  ): Promise<Mark[]> {
    const marks = await generationMarks(context);
    const ours = await EngineMarks.known(context, '');
    // Where nothing was ever made, no engine need run.
    if (!ours) return marks;
    const has = (resource: Mark['resource'], generation: number) =>
      marks.some((mark) => mark.generation === generation && sameResource(mark.resource, resource));
    for (const { name, labels } of await docker.list(object, { [`${LABEL}place`]: ours.place })) {
      const generation = Number(labels[`${LABEL}generation`]);
      const resource = {
        environment: labels[`${LABEL}environment`] ?? '',
        kind: labels[`${LABEL}kind`] as ResourceKind,
        name: labels[`${LABEL}name`] ?? '',
      };
      if (!has(resource, generation)) marks.push({ resource, generation, where: `${object} ${name}` });
    }
    return marks;
  }

  /** Name of what belongs to a generation: legal for containers, volumes and image tags alike. */
  nameOf({ resource, generation }: Identity): string {
    return `slipway-${this.place}-${resource.environment}.${resource.name}-g${generation}`;
  }

  /** Name of what all of an environment at this place share. */
  sharedBy(environment: string): string {
    return `slipway-${this.place}-${environment}`;
  }

  labelsOf({ resource, generation, epoch }: Identity): Record<string, string> {
    const { environment, kind, name } = resource;
    const values = { place: this.place, mesh: this.mesh, environment, kind, name, generation, epoch };
    return Object.fromEntries(Object.entries(values).map(([label, value]) => [`${LABEL}${label}`, String(value)]));
  }

  /** Those of a generation's labels that tell it from all others; without the epoch, which all its attempts differ in. */
  labelsOfGeneration(target: Identity): Record<string, string> {
    const { [`${LABEL}epoch`]: _epoch, [`${LABEL}mesh`]: _mesh, ...labels } = this.labelsOf(target);
    return labels;
  }

  static epochOf(labels: Record<string, string>): number {
    return Number(labels[`${LABEL}epoch`]);
  }

  /** As arguments of the client. */
  labelling(target: Identity): string[] {
    return Object.entries(this.labelsOf(target)).flatMap(([label, value]) => ['--label', `${label}=${value}`]);
  }

  /** Throws `foreign` unless these labels say that it belongs to this generation (D4). */
  assertOurs(what: string, labels: Record<string, string> | null | undefined, target: Identity): void {
    const ours = Object.entries(this.labelsOfGeneration(target)).every(([label, value]) => labels?.[label] === value);
    if (!ours)
      throw new SlipwayError('foreign', `${what} carries no mark of ${target.resource.kind} ${target.resource.name}`, { what });
  }
}

const sameResource = (a: Mark['resource'], b: Mark['resource']): boolean =>
  a.environment === b.environment && a.kind === b.kind && a.name === b.name;
