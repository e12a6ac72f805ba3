import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from '../http/info.js';
import { ERROR_TABLE, SHOW_ROW } from './error-table.js';
import { BYTES } from './lease-operations.js';
import { CONTENT } from './content-operations.js';
import { TAR_CONTENT } from './operations.js';
import { SCHEMAS } from './schemas.js';

/** Operations whose body is an archive. */
const ARCHIVES = ['restore', 'upload-snapshot'];
/** Operations whose body is a content package. */
const PACKAGES = ['upload-content', 'replace-content'];
/** The operation whose body is a file. */
const FILE = 'write-file';

/** Where the documentation stands; `/json` and `/yaml` below it for programs. */
export const DOCS = 'api/docs';

/** The whole REST interface as OpenAPI 3, made from the controllers. */
export function openApi(app: INestApplication): OpenAPIObject {
  const head = new DocumentBuilder()
    .setTitle('Slipway')
    .setVersion(VERSION)
    .setDescription(DESCRIPTION)
    .addSecurity('key', { type: 'http', scheme: 'bearer', description: 'The key in `gateway.key` in the data folder.' })
    .build();
  const document = SwaggerModule.createDocument(app, head);
  document.components = { ...document.components, schemas: { ...document.components?.schemas, ...(SCHEMAS as object) } };
  for (const path of Object.values(document.paths)) {
    // What comes in as a JSON body is so described; an archive is not JSON.
    if (path.post && ARCHIVES.includes(path.post.operationId!)) path.post.requestBody = { required: true, content: TAR_CONTENT };
    if (path.put?.operationId === FILE) path.put.requestBody = { required: true, content: BYTES as never };
    for (const operation of [path.post, path.put])
      if (operation && PACKAGES.includes(operation.operationId!)) operation.requestBody = { required: true, content: CONTENT };
  }
  return document;
}

/** Serves the document, and a page to read and try it; nothing of it comes from another machine. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup(DOCS, app, () => openApi(app), {
    jsonDocumentUrl: `${DOCS}/json`,
    yamlDocumentUrl: `${DOCS}/yaml`,
    customSiteTitle: 'Slipway',
    customJsStr: SHOW_ROW,
    customCss: '.swagger-ui summary { cursor: pointer }',
  });
}

const DESCRIPTION = `Ask for a service, get everything it needs, and give it all back.

Every call but \`/health/*\` needs \`Authorization: Bearer <key>\`. Errors are \`application/problem+json\` (RFC 9457) with a
\`code\` of the table below. Writes answer with \`Slipway-Position\`; a read with \`Slipway-At-Least: <position>\` sees them. The WebSocket at \`/api/v1/events\` takes each operation by its
\`operationId\` too: \`{"id":"1","action":"get-request","body":{"id":"0b8f…"}}\`.

Below \`/instances/{id}/resource\` stands the instance's own interface, whatever it is: any call is passed through to it.

${ERROR_TABLE}`;
