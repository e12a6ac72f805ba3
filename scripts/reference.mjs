/**
 * Writes the pages of docs/reference that are made from the contracts: `node scripts/reference.mjs` (after a build).
 * Tests fail when a page is behind.
 */
import { writeFileSync } from 'node:fs';
import { root } from './bootstrap.mjs';

const { ERRORS } = await import(`${root}libs/contracts/dist/index.js`);
const { ENVIRONMENT } = await import(`${root}libs/mesh/dist/index.js`);

const errors = Object.entries(ERRORS).map(
  ([code, { title, hint, advice }]) => `| \`${code}\` | ${title} | ${hint} | ${advice} |`,
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
writeFileSync(
  `${root}docs/reference/configuration.md`,
  `# Configuration

One YAML file per profile, the same for every service: \`deploy/<profile>/slipway.yaml\`, whose comments explain each setting.
It is validated at start; what is wrong is named with its value, the reason and where it comes from. Another file:
\`SLIPWAY_CONFIG\`. Environment variables win over the file:

| variable | setting | meaning |
| --- | --- | --- |
${variables.join('\n')}

What \`npm start\` takes beside them stands in \`npm start -- --help\`.
`,
);
