import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '@slipway/testing';
import { stringify } from 'yaml';

/** A web service that ends at once unless the file named by FLAG exists. */
const FRAGILE = `
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
if (!existsSync(process.env.FLAG)) { console.error('the flag is not up'); process.exit(3); }
createServer((_, response) => response.end('up')).listen(process.env.PORT, '127.0.0.1');
`;

/** A web service that never answers in time. */
const SILENT = `setInterval(() => {}, 1000);`;

/** The shipped content, and definitions of services that make trouble: `fragile`, `silent`, `greedy`, `hen` and `egg`. */
export class Trouble {
  private readonly folder = mkdtempSync(join(tmpdir(), 'slipway-trouble-'));
  private readonly flag = join(this.folder, 'flag');

  /** Settings of a mesh that has it, and gives up on a step soon. */
  readonly settings = {
    contentFolder: join(this.folder, 'content'),
    steps: {
      storage: { timeoutSeconds: 20, tries: 2, backoffSeconds: 0.2, maxBackoffSeconds: 1 },
      database: { timeoutSeconds: 20, tries: 2, backoffSeconds: 0.2, maxBackoffSeconds: 1 },
      instance: { timeoutSeconds: 30, tries: 2, backoffSeconds: 1, maxBackoffSeconds: 1 },
    },
  };

  constructor() {
    chmodSync(this.folder, 0o711); // The instance runs as a user of its own and looks for the flag.
    cpSync(join(root, 'content'), join(this.folder, 'content'), { recursive: true });
    const content = join(this.folder, 'content/trouble');
    for (const [name, text] of Object.entries({ fragile: FRAGILE, silent: SILENT })) {
      mkdirSync(join(content, name), { recursive: true });
      writeFileSync(join(content, name, 'server.mjs'), text);
    }
    const definitions = this.definitions();
    writeFileSync(join(content, 'package.yaml'), stringify({ name: 'trouble', version: '1.0.0', definitions }));
  }

  /** Whether `fragile` comes up from now on. */
  mend(mended = true): void {
    if (mended) writeFileSync(this.flag, '');
    else rmSync(this.flag, { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private definitions(): object[] {
    const needs = [
      { name: 'data', namespace: 'storage' },
      { name: 'db', namespace: 'database', attributes: { engine: 'sqlite' } },
    ];
    const run = (artefact: string, startSeconds: number) => ({
      artefact,
      command: ['node', 'server.mjs'],
      environment: { PORT: '${port}', FLAG: this.flag },
      health: { path: '/', startSeconds, timeoutSeconds: 1 },
    });
    const oracle = [{ name: 'db', namespace: 'database', attributes: { engine: 'oracle' } }];
    return [
      { name: 'fragile', version: '1.0.0', type: 'instance', requirements: needs, spec: run('fragile', 2) },
      { name: 'silent', version: '1.0.0', type: 'instance', requirements: needs, spec: run('silent', 60) },
      { name: 'greedy', version: '1.0.0', type: 'instance', requirements: oracle, spec: run('silent', 60) },
      { name: 'hen', version: '1.0.0', dependencies: ['egg@^1.0.0'] },
      { name: 'egg', version: '1.0.0', dependencies: ['hen@^1.0.0'] },
    ];
  }
}
