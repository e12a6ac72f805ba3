import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import {
  DELEGATED,
  SlipwayError,
  type CapabilitiesQuery,
  type CapabilityList,
  type ContentList,
  type ContentQuery,
  type ContentRefreshed,
  type DefinitionList,
  type DefinitionQuery,
  type DefinitionView,
  type DefinitionsQuery,
  type PackedContent,
  type RefreshContentCommand,
  type RequestContext,
} from '@slipway/contracts';
import { listArtefact, packArtefact } from '../repository/artefact.js';
import type { FolderPackage } from '../repository/content-folder.js';
import type { Delegates } from '../delegates/delegates.js';
import type { Repository } from '../repository/repository.js';
import type { DynamicPackage, FetchedPackage, WrittenPackage } from './recorded-content.js';
import { capabilityList, contentPage, definitionList, definitionView, packageOf } from './shown.js';

/** Problems that an answer names. */
const MAX_PROBLEMS = 100;

/** What is in force, for who asks. Each answer has all that was recorded before it was asked for. */
export class Content {
  constructor(
    private readonly repository: Pick<Repository, 'current' | 'problems'>,
    private readonly blobs: Pick<Blobs, 'put'>,
    private readonly delegates: Pick<Delegates, 'views' | 'problems' | 'refresh'>,
  ) {}

  async list(query: ContentQuery): Promise<ContentList> {
    const { stack } = await this.repository.current();
    const problems = [...this.repository.problems, ...this.delegates.problems].slice(0, MAX_PROBLEMS);
    return { ...contentPage(stack, query), problems, delegates: this.delegates.views(stack) };
  }

  /** Asks other repositories now, and waits until what has changed is recorded. Throws `not-found`, `log-unavailable`. */
  async refresh({ name }: RefreshContentCommand, context: RequestContext): Promise<ContentRefreshed> {
    await this.delegates.refresh(context, name);
    const { state, stack } = await this.repository.current();
    const items = this.delegates.views(stack).filter((one) => name === undefined || one.name === name);
    return { items, position: state.position ?? '' };
  }

  /** An upload is given back as it was sent; what was written as a package of its own; of a folder what stands in it now, and its file as it is. Throws `not-found`, and
   * `layer-refuses` for what is another repository's. */
  async pack(query: ContentQuery): Promise<PackedContent> {
    const { stack } = await this.repository.current();
    const one = packageOf(stack, query) as DynamicPackage | FolderPackage | WrittenPackage | FetchedPackage;
    if ('uploaded' in one) {
      const { upload, kind, file } = one.uploaded;
      return { blob: upload, kind, file };
    }
    if (one.layer === DELEGATED)
      throw new SlipwayError(
        'layer-refuses',
        `The content package ${one.name} is another repository's, ${one.source}: it is to be had there`,
        {
          ...{ layer: one.layer, package: one.name },
        },
      );
    if (!('file' in one)) return { blob: await this.blobs.put(asDocument(one)), kind: 'json', file: `${one.name}.json` };
    if (!one.file.includes('/')) {
      const blob = await this.blobs.put(createReadStream(join(one.source, one.file)));
      return { blob, kind: one.file.endsWith('.json') ? 'json' : 'yaml', file: basename(one.file) };
    }
    const folder = join(one.source, one.file.slice(0, one.file.indexOf('/')));
    const blob = await this.blobs.put(packArtefact(folder, await listArtefact(folder)));
    return { blob, kind: 'tar', file: `${one.name}-${one.version}.tar` };
  }

  async definition(query: DefinitionQuery): Promise<DefinitionView> {
    return definitionView((await this.repository.current()).stack, query);
  }

  async definitions(query: DefinitionsQuery): Promise<DefinitionList> {
    const { stack, catalogue } = await this.repository.current();
    return definitionList(stack, catalogue, query);
  }

  async capabilities(query: CapabilitiesQuery): Promise<CapabilityList> {
    const { stack, catalogue } = await this.repository.current();
    return capabilityList(stack, catalogue, query);
  }
}

const asDocument = ({ name, version, definitions }: WrittenPackage): string =>
  JSON.stringify({ name, version, definitions }, undefined, 2);
