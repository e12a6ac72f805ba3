import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { execFileSync } from 'node:child_process';

/** What {@link serveImage} has started. */
export interface TestImageRegistry {
  /** As an engine names it: `127.0.0.1:<port>/<name>:<tag>`. */
  image: string;
  /** Paths that were asked for. */
  asked: string[];
  close(): void;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * A registry on loopback that serves one image of an engine (OCI distribution specification, pull): what `docker save` gives,
 * as blobs and a manifest.
 */
export async function serveImage(host: string, image: string): Promise<TestImageRegistry> {
  const saved = execFileSync('docker', ['--host', host, 'save', image], { maxBuffer: 1024 ** 3 });
  const files = new Map<string, Buffer>();
  const archive = extract();
  archive.end(saved);
  for await (const entry of archive) files.set(entry.header.name, await buffer(entry));
  const [{ Config, Layers }] = JSON.parse(files.get('manifest.json')!.toString('utf8')) as [{ Config: string; Layers: string[] }];
  const blobs = new Map<string, Buffer>();
  const described = (mediaType: string, content: Buffer) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    blobs.set(digest, content);
    return { mediaType, size: content.length, digest };
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described('application/vnd.docker.container.image.v1+json', files.get(Config)!),
      layers: Layers.map((layer) => described('application/vnd.docker.image.rootfs.diff.tar', files.get(layer)!)),
    }),
  );
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const [, digest = ''] = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(path) ?? [];
    const content = path === '/v2/' ? Buffer.from('{}') : path.includes('/manifests/') ? manifest : blobs.get(digest);
    if (!content) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': path.includes('/manifests/') ? MANIFEST : 'application/octet-stream',
      'content-length': content.length,
      'docker-content-digest': `sha256:${createHash('sha256').update(content).digest('hex')}`,
    });
    return response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { image: `127.0.0.1:${port}/slipway/pulled:1`, asked, close: () => void server.close() };
}
