/** A worker that is an instance as small as can be: one answer, whatever it is asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { bytes } = workerData as { bytes: number };
const body = Buffer.alloc(bytes, 'x');
const head = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes) };
const server = createServer((_request, response) => response.writeHead(200, head).end(body));
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));
