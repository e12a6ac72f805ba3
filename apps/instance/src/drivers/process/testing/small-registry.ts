import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface SmallPackage {
  name: string;
  version: string;
  manifest?: Record<string, unknown>;
  files: Record<string, string>;
}

/** A registry of npm packages on loopback: what npm asks for when it installs, for packages that a test makes. */
export class SmallRegistry {
  readonly asked: string[] = [];
  /** Answers nothing any more while it is set. */
  silent = false;
  readonly #server: Server;
  readonly #archives = new Map<string, Buffer>();
  readonly #packages: SmallPackage[] = [];

  constructor() {
    this.#server = createServer(({ url = '' }, response) => {
      this.asked.push(url);
      if (this.silent) return;
      const archive = this.#archives.get(url);
      if (archive) return void response.end(archive);
      const name = decodeURIComponent(url.slice(1));
      const versions = this.#packages.filter((one) => one.name === name);
      if (versions.length === 0) return void response.writeHead(404).end('{"error":"not_found"}');
      return void response.setHeader('Content-Type', 'application/json').end(JSON.stringify(this.#document(name, versions)));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async add(one: SmallPackage): Promise<void> {
    const archive = pack();
    const manifest = { name: one.name, version: one.version, ...one.manifest };
    for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...one.files })) {
      archive.entry({ name: `package/${name}`, mode: 0o755 }, text);
    }
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    this.#archives.set(pathOf(one), gzipSync(Buffer.concat(chunks)));
    this.#packages.push(one);
  }

  /** Subresource Integrity of a package's archive, as the registry tells it. */
  integrity(one: { name: string; version: string }): string {
    return `sha512-${createHash('sha512')
      .update(this.#archives.get(pathOf(one))!)
      .digest('base64')}`;
  }

  /** From now on it serves another archive than it promises. */
  forge(one: { name: string; version: string }): void {
    const promised = this.integrity(one);
    this.#archives.set(pathOf(one), gzipSync('something else'));
    this.integrity = () => promised;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #document(name: string, versions: SmallPackage[]): object {
    const described = versions.map((one) => ({
      ...{ name, version: one.version, ...one.manifest },
      dist: { tarball: `${this.url}${pathOf(one)}`, integrity: this.integrity(one) },
    }));
    return {
      name,
      'dist-tags': { latest: versions.at(-1)!.version },
      versions: Object.fromEntries(described.map((one) => [one.version, one])),
    };
  }
}

const pathOf = ({ name, version }: { name: string; version: string }): string => `/${name}/-/${name}-${version}.tgz`;
