import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { SHOWN_LAYERS, type ErrorCode } from '@slipway/contracts';
import { CHANGES, DOOR, TAR_CONTENT, answer, problems, withKey } from './operations.js';

/** What a content package is sent as, and given out as. */
export const CONTENT = {
  'application/yaml': { schema: { type: 'string' as const } },
  'application/json': { schema: { type: 'object' as const } },
  ...TAR_CONTENT,
};

const ASKS: ErrorCode[] = [...DOOR, 'bad-input', 'no-server', 'unreachable', 'log-unavailable', 'timed-out'];
const NAME = ApiParam({ name: 'name', description: "The content package's name." });
const LAYER = ApiQuery({
  name: 'layer',
  required: false,
  enum: [...SHOWN_LAYERS],
  description: 'Only of this layer; where one is asked for, the uppermost of its name when left out.',
});
const FILE = ApiQuery({
  name: 'file',
  required: false,
  type: String,
  description: 'Name of the file that is sent: problems name it. One that ends with `.json` has to be JSON.',
});
const PAGE = [
  ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when left out.' }),
  ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before.' }),
];
const RECORDED = { Location: 'Where the package is.', 'Slipway-Position': 'Log position of what was recorded.' };
const REFUSALS: ErrorCode[] = [...CHANGES, 'content-invalid', 'layer-refuses', 'blob-unavailable'];

export const ApiListContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-content',
      summary: 'Content packages in force, from the top of the layers down',
      description: '`problems`: what stands in folders and is not in force, a line each with file, line, field and reason.',
    }),
    LAYER,
    ...PAGE,
    answer(200, 'ContentList', 'As they stand.'),
    ...problems(...ASKS),
  );

export const ApiContent = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'get-content', summary: 'One of the content packages' }),
    NAME,
    LAYER,
    answer(200, 'ContentView', 'As it stands.'),
    ...problems(...ASKS, 'not-found'),
  );

export const ApiContentPackage = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'read-content-package',
      summary: 'A content package as it can be uploaded elsewhere',
      description:
        'What was uploaded is given back byte by byte; what stands in a folder as it is now: its file, or a tar of its folder.',
    }),
    NAME,
    LAYER,
    ApiResponse({ status: 200, description: 'Streamed.', content: CONTENT } as never),
    ...problems(...ASKS, 'not-found', 'blob-missing'),
  );

export const ApiRefreshContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'refresh-content',
      summary: 'Ask other repositories now what they have',
      description:
        'Answered when what has changed is fetched and recorded. One that is away is told so and changes nothing; what takes longer than two minutes goes on.',
    }),
    ApiQuery({
      name: 'delegate',
      required: false,
      type: String,
      description: 'Only this one, by its name in the configuration.',
    }),
    answer(200, 'ContentRefreshed', 'As they stand now.', { 'Slipway-Position': 'Log position of what was recorded last.' }),
    ...problems(...CHANGES, 'not-found', 'blob-unavailable'),
  );

export const ApiUploadContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'upload-content',
      summary: 'Bring in a content package, into the layer `dynamic`',
      description:
        'One YAML or JSON file, or a tar (also gzipped) of a folder. Checked as a whole before anything changes; what is wrong is named by file, line and field. A package that collides is refused whole, with the layer that holds it. The same content again changes nothing.',
    }),
    FILE,
    ApiBody({ required: true, schema: { type: 'string', format: 'binary' } }),
    answer(201, 'ContentRecorded', 'It is in force.', RECORDED),
    ...problems(...REFUSALS),
  );

export const ApiReplaceContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'replace-content',
      summary: 'Put a content package in the place of the uploaded one of its name',
      description: 'Checked like an upload. The same content again changes nothing.',
    }),
    NAME,
    FILE,
    ApiBody({ required: true, schema: { type: 'string', format: 'binary' } }),
    answer(200, 'ContentRecorded', 'It is in force.', RECORDED),
    ...problems(...REFUSALS, 'not-found'),
  );

export const ApiDeleteContent = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'delete-content',
      summary: 'Take an uploaded content package away',
      description: 'What is installed of it stays; what it has overridden counts again.',
    }),
    NAME,
    ApiQuery({ name: 'reason', required: false, type: String, description: 'At most 500 characters; it is recorded.' }),
    answer(200, 'ContentRecorded', 'It is not in force any more.', { 'Slipway-Position': 'Log position of what was recorded.' }),
    ...problems(...CHANGES, 'not-found', 'layer-refuses'),
  );

export const ApiDefinition = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'get-definition', summary: 'A definition, where it stands, and what it overrides' }),
    ApiParam({ name: 'name', description: "The definition's name." }),
    ApiParam({ name: 'version', description: 'Exactly that one.' }),
    answer(200, 'DefinitionView', 'Of the uppermost layer that has it.'),
    ...problems(...ASKS, 'not-found'),
  );

export const ApiListDefinitions = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-definitions',
      summary: 'The definitions in force',
      description: 'What each says is asked for one by one.',
    }),
    ApiQuery({ name: 'name', required: false, type: String, description: 'Only of this name: its versions.' }),
    ApiQuery({ name: 'layer', required: false, enum: [...SHOWN_LAYERS], description: 'Only those that count in this layer.' }),
    ...PAGE,
    answer(200, 'DefinitionList', 'A page, by names, the highest version of each first.'),
    ...problems(...ASKS),
  );

const IDENTITY = [
  ApiParam({ name: 'name', description: "The definition's name." }),
  ApiParam({ name: 'version', description: 'Exactly that one.' }),
];

export const ApiWriteDefinition = (change: 'create' | 'update'): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: `${change}-definition`,
      summary:
        change === 'create' ? 'Write a definition that stands in no layer yet' : 'Change a definition that was written here',
      description:
        'Into the layer `writable`. Checked as in a package; a refusal names the layer that holds it. The same again changes nothing.',
    }),
    ...(change === 'update' ? IDENTITY : []),
    ApiBody({ required: true, schema: { type: 'object' } }),
    answer(change === 'create' ? 201 : 200, 'DefinitionRecorded', 'It is in force.', {
      ...(change === 'create' && { Location: 'Where the definition is.' }),
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...REFUSALS, ...(change === 'update' ? (['not-found'] as const) : [])),
  );

export const ApiDeleteDefinition = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'delete-definition', summary: 'Take a definition away that was written here' }),
    ...IDENTITY,
    ApiQuery({ name: 'reason', required: false, type: String, description: 'At most 500 characters; it is recorded.' }),
    answer(200, 'DefinitionRecorded', 'It is not in force any more.', {
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'layer-refuses'),
  );

export const ApiCapabilities = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-capabilities',
      summary: 'What the definitions in force offer to others',
      description: 'Of every definition its identity too (namespace `slipway.identity`).',
    }),
    ApiQuery({ name: 'namespace', required: false, type: String, description: 'Only of this namespace.' }),
    ApiQuery({
      name: 'filter',
      required: false,
      type: String,
      description: 'Only those whose attributes it matches: a filter of OSGi Core, `(&(engine=sqlite)(version>=1))`.',
    }),
    ...PAGE,
    answer(200, 'CapabilityList', 'A page, in the order of namespaces and names.'),
    ...problems(...ASKS),
  );
