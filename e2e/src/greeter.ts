import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Puts the content package `greeter` into a folder: one instance that answers with a greeting, started from the package's own files. */
export function writeGreeter(folder: string, greeting: string): void {
  mkdirSync(join(folder, 'app'), { recursive: true });
  writeFileSync(join(folder, 'package.yaml'), PACKAGE);
  writeFileSync(
    join(folder, 'app/server.mjs'),
    `import { createServer } from 'node:http';
createServer((_, response) => response.end(${JSON.stringify(greeting)})).listen(process.env.PORT, process.env.HOST);
`,
  );
}

const PACKAGE = `name: greeter
version: 1.0.0
definitions:
  - name: greeter
    version: 1.0.0
    type: instance
    spec: { artefact: app, command: [node, server.mjs], environment: { PORT: "\${port}", HOST: "\${host}" }, health: { path: / } }
`;
