import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  SHOWN_LAYERS,
  SlipwayError,
  VERBS,
  type ContentKind,
  type ContentList,
  type ContentQuery,
  type ContentRecorded,
  type ContentRefreshed,
  type ContentView,
  type ShownLayer,
  type PackedContent,
  type RefreshContentCommand,
  type RemoveContentCommand,
} from '@slipway/contracts';
import { RUNTIME, badInput, type Runtime } from '@slipway/mesh';
import {
  ApiContent,
  ApiContentPackage,
  ApiDeleteContent,
  ApiListContent,
  ApiRefreshContent,
  ApiReplaceContent,
  ApiUploadContent,
} from '../openapi/content-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { ContentUploads, type SentContent } from './content-uploads.js';
import { drain } from './drain.js';
import { one, onlyKnown, pageOf, type Query } from './list-query.js';
import { JSON_TYPE, TAR, YAML } from './server.js';

const ASK_MS = 5_000;
/** A folder is packed when it is asked for. */
const PACK_MS = 30_000;
/** Others are asked, and what they have is fetched; it goes on when nobody waits any more. */
const REFRESH_MS = 120_000;
const TYPE_OF: Readonly<Record<ContentKind, string>> = { yaml: YAML, json: JSON_TYPE, tar: TAR };
const GZIP = /\.(tgz|gz)$/;

/** Content packages: what there is to be installed, in its layers. */
@ApiNoun('content')
@Controller('content')
export class ContentController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(ContentUploads) private readonly uploads: ContentUploads,
  ) {}

  @ApiListContent()
  @Get()
  list(@Call() { context, query }: HttpCall): Promise<ContentList> {
    onlyKnown(query, ['layer', 'limit', 'cursor']);
    const asked: ContentQuery = { ...layerOf(query), ...pageOf(query) };
    return this.runtime.bus.request('resolver', VERBS.content, asked, { context, timeoutMs: ASK_MS });
  }

  @ApiContent()
  @Get(':name')
  async get(@Param('name') name: string, @Call() { context, query }: HttpCall): Promise<ContentView> {
    onlyKnown(query, ['layer']);
    const asked: ContentQuery = { name, ...layerOf(query) };
    const { items } = await this.runtime.bus.request<ContentList>('resolver', VERBS.content, asked, {
      context,
      timeoutMs: ASK_MS,
    });
    if (!items[0]) throw new SlipwayError('not-found', `There is no content package ${name}`, { ...asked });
    return items[0];
  }

  @ApiContentPackage()
  @Get(':name/package')
  async package(@Param('name') name: string, @Call() { context, query }: HttpCall, @Res() reply: FastifyReply): Promise<void> {
    onlyKnown(query, ['layer']);
    const { bus, blobs } = this.runtime;
    const asked: ContentQuery = { name, ...layerOf(query) };
    const { blob, kind, file } = await bus.request<PackedContent>('resolver', VERBS.packContent, asked, {
      context,
      timeoutMs: PACK_MS,
    });
    const content = await blobs.open(blob.sha256);
    await reply
      .headers({ 'Content-Type': TYPE_OF[kind], 'Content-Length': blob.bytes, ETag: `"${blob.sha256}"` })
      .header('Content-Disposition', `attachment; filename="${file}"`)
      .send(content);
  }

  @ApiRefreshContent()
  @HttpCode(200)
  @Post('refresh')
  async refresh(@Call() call: HttpCall): Promise<ContentRefreshed> {
    onlyKnown(call.query, ['delegate']);
    const name = one(call.query, 'delegate');
    const command: RefreshContentCommand = { ...(name !== undefined && { name }) };
    const { context } = call;
    return call.at(await this.runtime.bus.request('resolver', VERBS.refreshContent, command, { context, timeoutMs: REFRESH_MS }));
  }

  @ApiUploadContent()
  @HttpCode(201)
  @Post()
  upload(@Call() call: HttpCall, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.#receive(call, request, reply);
  }

  @ApiReplaceContent()
  @HttpCode(200)
  @Put(':name')
  replace(
    @Param('name') name: string,
    @Call() call: HttpCall,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#receive(call, request, reply, name);
  }

  @ApiDeleteContent()
  @Delete(':name')
  async delete(@Param('name') name: string, @Call() call: HttpCall): Promise<ContentRecorded> {
    onlyKnown(call.query, ['reason']);
    const reason = one(call.query, 'reason');
    const command: RemoveContentCommand = { name, ...(reason !== undefined && { reason }) };
    const { context } = call;
    return call.at(await this.runtime.bus.request('resolver', VERBS.removeContent, command, { context, timeoutMs: ASK_MS }));
  }

  async #receive(call: HttpCall, request: FastifyRequest, reply: FastifyReply, replaces?: string): Promise<ContentRecorded> {
    try {
      const sent = sentContent(call, request.body);
      const recorded = await this.uploads.receive({ ...sent, ...(replaces !== undefined && { replaces }) }, call.context);
      return call.recorded(recorded, `content/${recorded.name}`);
    } catch (error) {
      if (request.body instanceof Readable) drain(request, reply, this.runtime.clock);
      throw error;
    }
  }
}

/** JSON came as a whole, the rest streams. Throws `wrong-content-type`. */
function sentContent({ headers, query }: HttpCall, body: unknown): SentContent {
  onlyKnown(query, ['file']);
  const file = one(query, 'file');
  const type = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();
  const length = Number(headers['content-length'] ?? 0);
  if (typeof body === 'string')
    return { content: Readable.from([Buffer.from(body)]), length, kind: 'json', file: file ?? 'package.json' };
  if (!(body instanceof Readable))
    throw new SlipwayError('wrong-content-type', `A content package is sent as ${YAML}, ${JSON_TYPE} or ${TAR}`);
  if (type === TAR) return { content: body, length, kind: 'tar', file: file ?? 'package.tar' };
  if (file !== undefined && GZIP.test(file))
    throw badInput([{ field: 'file', reason: `is the name of an archive; send it as ${TAR}` }]);
  // JSON is YAML too: by its name it is held to being JSON.
  return { content: body, length, kind: file?.endsWith('.json') ? 'json' : 'yaml', file: file ?? 'package.yaml' };
}

/** Which layer is meant, where one is. Throws `bad-input` for one that there is not. */
export function layerOf(query: Query): { layer?: ShownLayer } {
  const layer = one(query, 'layer') as ShownLayer | undefined;
  if (layer === undefined) return {};
  if (!SHOWN_LAYERS.includes(layer)) throw badInput([{ field: 'layer', reason: `must be one of ${SHOWN_LAYERS.join(', ')}` }]);
  return { layer };
}
