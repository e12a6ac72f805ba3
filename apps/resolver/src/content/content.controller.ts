import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  SCHEMAS,
  VERBS,
  type CapabilitiesQuery,
  type CapabilityList,
  type ContentList,
  type ContentQuery,
  type ContentRecorded,
  type ContentRefreshed,
  type DefinitionList,
  type DefinitionQuery,
  type DefinitionRecorded,
  type DefinitionView,
  type DefinitionsQuery,
  type DeleteDefinitionCommand,
  type PackedContent,
  type RefreshContentCommand,
  type RemoveContentCommand,
  type StoreContentCommand,
  type WriteDefinitionCommand,
} from '@slipway/contracts';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { Content } from './content.js';
import { ContentUploads } from './uploads.js';
import { WrittenDefinitions } from './written.js';

@Controller()
export class ContentController {
  constructor(
    @Inject(ContentUploads) private readonly uploads: ContentUploads,
    @Inject(WrittenDefinitions) private readonly written: WrittenDefinitions,
    @Inject(Content) private readonly content: Content,
  ) {}

  @MessagePattern(VERBS.storeContent)
  store(@Payload(new SchemaPipe(SCHEMAS.StoreContentCommand)) command: StoreContentCommand): Promise<ContentRecorded> {
    return this.uploads.store(command, currentContext());
  }

  @MessagePattern(VERBS.removeContent)
  remove(@Payload(new SchemaPipe(SCHEMAS.RemoveContentCommand)) command: RemoveContentCommand): Promise<ContentRecorded> {
    return this.uploads.remove(command, currentContext());
  }

  @MessagePattern(VERBS.content)
  list(@Payload(new SchemaPipe(SCHEMAS.ContentQuery)) query: ContentQuery): Promise<ContentList> {
    return this.content.list(query);
  }

  @MessagePattern(VERBS.packContent)
  pack(@Payload(new SchemaPipe(SCHEMAS.ContentQuery)) query: ContentQuery): Promise<PackedContent> {
    return this.content.pack(query);
  }

  @MessagePattern(VERBS.refreshContent)
  refresh(@Payload(new SchemaPipe(SCHEMAS.RefreshContentCommand)) command: RefreshContentCommand): Promise<ContentRefreshed> {
    return this.content.refresh(command, currentContext());
  }

  @MessagePattern(VERBS.definition)
  definition(@Payload(new SchemaPipe(SCHEMAS.DefinitionQuery)) query: DefinitionQuery): Promise<DefinitionView> {
    return this.content.definition(query);
  }

  @MessagePattern(VERBS.definitions)
  definitions(@Payload(new SchemaPipe(SCHEMAS.DefinitionsQuery)) query: DefinitionsQuery): Promise<DefinitionList> {
    return this.content.definitions(query);
  }

  @MessagePattern(VERBS.writeDefinition)
  write(@Payload(new SchemaPipe(SCHEMAS.WriteDefinitionCommand)) command: WriteDefinitionCommand): Promise<DefinitionRecorded> {
    return this.written.write(command, currentContext());
  }

  @MessagePattern(VERBS.deleteDefinition)
  delete(
    @Payload(new SchemaPipe(SCHEMAS.DeleteDefinitionCommand)) command: DeleteDefinitionCommand,
  ): Promise<DefinitionRecorded> {
    return this.written.delete(command, currentContext());
  }

  @MessagePattern(VERBS.capabilities)
  capabilities(@Payload(new SchemaPipe(SCHEMAS.CapabilitiesQuery)) query: CapabilitiesQuery): Promise<CapabilityList> {
    return this.content.capabilities(query);
  }
}
