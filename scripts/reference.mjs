/**
 * Writes what of docs/reference is made from the contracts: `node scripts/reference.mjs` (after a build).
 * Tests fail when a page is behind.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { root } from './bootstrap.mjs';

const { ERRORS } = await import(`${root}libs/contracts/dist/index.js`);
const { ENVIRONMENT } = await import(`${root}libs/mesh/dist/index.js`);
const { inMarkdown } = await import(`${root}apps/gateway/dist/openapi/error-table.js`);

const errors = Object.entries(ERRORS).map(
  ([code, { title, hint, advice }]) => `| \`${code}\` | ${title} | ${inMarkdown(hint)} | ${advice} |`,
);
writeFileSync(
  `${root}docs/reference/errors.md`,
  `# Errors

One table for REST (\`code\` in problem+json), NATS (header \`Slipway-Error\`), events and CLI. *Advice*: change the call
(refuse), call again later (retry), or wait for a person (pause).

| code | title | way out | advice |
| --- | --- | --- | --- |
${errors.join('\n')}
`,
);

const variables = ENVIRONMENT.map(({ name, field, meaning }) => `| \`${name}\` | \`${field}\` | ${meaning} |`);
const configuration = `${root}docs/reference/configuration.md`;
// What is told of single settings is written by hand, below its own headings.
const byHand = /^## [^]*/m.exec(readFileSync(configuration, 'utf8'))?.[0] ?? '';
writeFileSync(
  configuration,
  `# Configuration

One YAML file per profile, the same for every service: \`deploy/<profile>/slipway.yaml\`, whose comments explain each setting.
It is validated at start; what is wrong is named with its value, the reason and where it comes from. Another file:
\`SLIPWAY_CONFIG\`. Environment variables win over the file:

| variable | setting | meaning |
| --- | --- | --- |
${variables.join('\n')}

Handlers (\`handlers.<name>: {file, options, tries, backoffSeconds, timeoutSeconds}\`): [how to write one](../guides/write-a-handler.md).
Blueprints (\`blueprints.<name>: {file or kind, location, capacity, placing, limits, owner, options}\`): [those that come with Slipway](blueprints.md), [how to write one](../guides/write-a-blueprint.md);
interfaces (\`interfaces.<name>: {file}\`): [how to write one](../guides/write-an-interface.md).

What \`npm start\` takes beside them stands in \`npm start -- --help\`.
${byHand && `\n${byHand}`}`,
);

const { interfaceChapters } = await import(`${root}apps/allocator/dist/interfaces/reference.js`);
writeFileSync(
  `${root}docs/reference/interfaces.md`,
  `# Interfaces of what is leased

What can be called on a lease that is active, from outside: \`POST /leases/{id}/interfaces/{interface}/{method}\`, \`npx slipway leases call
<lease> <interface> <method> '<arguments as JSON>'\`, \`lease.interface('<interface>').<method>()\` of the client. Arguments and answer are JSON of at most
256 KiB; \`null\` says that there is none. \`npx slipway exec\` and \`cp\` stand for \`command\` and \`filesystem\`. A blueprint says
[which of them it builds](blueprints.md); you can [add your own](../guides/write-an-interface.md).

${interfaceChapters()}`,
);

const { fieldRows, valueRows } = await import(`${root}apps/gateway/dist/views/index.js`);
writeFileSync(
  `${root}docs/reference/views.md`,
  `# Lists: filter, sort, page, look back

Every list takes these query parameters:

| parameter | meaning |
| --- | --- |
| a filterable field | the value it must have; several values, in one parameter each: one of them. Several fields: all of them |
| \`sort\` | a sortable field, \`-\` in front for descending; the id breaks ties |
| \`limit\` | 1 to 500 rows; 50 when left out |
| \`cursor\` | \`next\` of the page before, with the same filter, sort and \`asOf\`: all pages are of the moment of the first |
| \`asOf\` | a log position, or an ISO 8601 time: the rows as they were then. \`GET /{noun}/{id}\` takes it too |

A field that is not in the table is refused (\`bad-input\`); a cursor or position of another log, of before a restore, or older
than what is kept is \`gone\`.

| list | filter by | without that filter | sort by | default |
| --- | --- | --- | --- | --- |
${fieldRows().join('\n')}

A filter for a value that a field can't have is refused too:

| list | filter | values |
| --- | --- | --- |
${valueRows().join('\n')}

Requests in lists come without their \`plan\`. Environments show the first 1,000 of their names.
`,
);

const { askedRows, toldRows } = await import(`${root}libs/contracts/dist/reference/messages.js`);
const { asyncApi } = await import(`${root}libs/contracts/dist/reference/asyncapi.js`);
const messages = `${root}docs/reference/messages.md`;
const page = readFileSync(messages, 'utf8').split('\n');
/** Puts other rows into the table of a hand-written page whose head begins so. */
const fill = (head, rows) => {
  const first = page.findIndex((line) => line.startsWith(head)) + 2;
  page.splice(first, page.indexOf('', first) - first, ...rows);
};
fill('| verb |', askedRows());
fill('| published on |', toldRows());
writeFileSync(messages, page.join('\n'));
writeFileSync(
  `${root}docs/reference/asyncapi.yaml`,
  `# Written by scripts/reference.mjs\n${stringify(asyncApi(), { lineWidth: 0, aliasDuplicateObjects: false })}`,
);
