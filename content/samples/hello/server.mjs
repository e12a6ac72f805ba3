/** Answers every GET with a greeting. Settings come in the environment: HOST, PORT, GREETING. */
import { createServer } from 'node:http';

const { HOST = '127.0.0.1', PORT, GREETING = 'Hello' } = process.env;

const server = createServer((request, response) => {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  response.writeHead(reads ? 200 : 405, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(reads ? `${GREETING}\n` : 'Only GET\n');
});

server.listen(Number(PORT), HOST);
process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
