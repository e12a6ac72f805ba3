import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import {
  SlipwayError,
  canonicalJson,
  sha256,
  type DefinitionRecorded,
  type DeleteDefinitionCommand,
  type JsonObject,
  type RequestContext,
  type WriteDefinitionCommand,
  type WrittenDefinition,
} from '@slipway/contracts';
import { PackageRefused, readPackage } from '../repository/package-source.js';
import type { Repository } from '../repository/repository.js';
import { decideDeletion, decideWrite } from './recorded.js';
import type { ContentRecorder } from './recorder.js';

export interface WrittenDefinitionsOptions {
  recorder: ContentRecorder;
  blobs: Pick<Blobs, 'put'>;
  repository: Pick<Repository, 'current'>;
  /** For files that are read and removed. */
  folder: string;
}

/** Path of a field in a package of one definition, which is how one is checked. */
const WITHIN = /^definitions\.0\.?/;

/** Changes of the layer `writable`: one definition at a time, by the rules of the layers (`Stack.refusalOf`). */
export class WrittenDefinitions {
  constructor(private readonly options: WrittenDefinitionsOptions) {}

  /** Throws `content-invalid`, `layer-refuses`, `not-found`, `log-unavailable`. */
  async write({ change, definition }: WriteDefinitionCommand, context: RequestContext): Promise<DefinitionRecorded> {
    const { recorder, repository, blobs } = this.options;
    await this.#check(definition);
    const text = canonicalJson(definition);
    const { name, version } = definition as unknown as { name: string; version: string };
    const kept = { sha256: sha256(text), bytes: Buffer.byteLength(text) };
    const written: WrittenDefinition = { name, version, definition: kept, actor: context.actor };
    const recording = await recorder.record(
      context,
      async () => {
        const { state, stack } = await repository.current();
        return { state, event: decideWrite(state.recorded, stack, { change, written }) };
      },
      async () => void (await blobs.put(text)),
    );
    return { name, version, layer: 'writable', ...recording };
  }

  /** Throws `layer-refuses`, `not-found`, `log-unavailable`. */
  async delete({ name, version, reason }: DeleteDefinitionCommand, context: RequestContext): Promise<DefinitionRecorded> {
    const { recorder, repository } = this.options;
    const recording = await recorder.record(context, async () => {
      const { state, stack } = await repository.current();
      return { state, event: decideDeletion(stack, { name, version, reason, actor: context.actor }) };
    });
    return { name, version, layer: 'writable', ...recording };
  }

  /** As the only definition of a package: there is one place that checks definitions. */
  async #check(definition: JsonObject): Promise<void> {
    const folder = await mkdtemp(join(this.options.folder, 'definition-'));
    try {
      const file = 'package.json';
      await writeFile(join(folder, file), JSON.stringify({ name: 'writable', version: '0.0.0', definitions: [definition] }));
      await readPackage(folder, { entry: file, file });
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error;
      const fields = error.problems.map(({ field = '', reason }) => ({ field: field.replace(WITHIN, ''), reason }));
      const told = fields.map(({ field, reason }) => (field ? `${field} ${reason}` : reason)).join('\n');
      throw new SlipwayError('content-invalid', told, { fields });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
