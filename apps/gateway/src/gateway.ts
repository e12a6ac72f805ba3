import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { RequestMethod, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { SlipwayError } from '@slipway/contracts';
import { NestLogger, Presence, ValidationPipe, type RunningService, type Runtime } from '@slipway/mesh';
import { GatewayModule } from './gateway.module.js';
import { openServer, type Limits } from './http/server.js';
import { Door } from './identity/door.js';
import { Guard } from './identity/guard.js';
import { loadOrMakeKey } from './identity/key.js';
import { Actions } from './live/actions.js';
import type { LiveLimits } from './live/connection.js';
import { Live } from './live/live.js';
import { LiveTail } from './live/tail.js';
import { openApi, serveDocs } from './openapi/document.js';
import { PASS_LIMITS, PassThrough, type PassLimits } from './pass-through/pass-through.js';
import { Upgrades } from './pass-through/upgrades.js';
import { ProblemFilter } from './problem/problem.filter.js';
import type { Views } from './views/port.js';

/** How long calls that are under way may take when it stops, in ms. */
const STOP_MS = 8_000;

export interface GatewayOptions {
  views: Views;
  limits?: Limits;
  liveLimits?: Partial<LiveLimits>;
  passLimits?: PassLimits;
}

export interface RunningGateway extends RunningService {
  /** Where it is called from this machine, with the port that it really has: `http://127.0.0.1:7420`. */
  readonly url: string;
  readonly app: INestApplication;
}

/** Starts the door on `config.gateway`. Resolves when it answers; throws `port-taken` when somebody else listens there. */
export async function startGateway(
  runtime: Runtime,
  { views, limits, liveLimits, passLimits }: GatewayOptions,
): Promise<RunningGateway> {
  const { config, logger, store, service, replica, clock, bus } = runtime;
  const { host, port, allowedHosts } = config.gateway;
  const door = new Door(host, allowedHosts);
  const guard = new Guard(loadOrMakeKey(config.dataFolder));
  const tail = await LiveTail.open(store);
  const presence = new Presence({ mesh: config.mesh, bus, clock });
  const stopping = new AbortController();

  const module = GatewayModule.of(runtime, { views, tail, presence, stopping: stopping.signal });
  const app = await NestFactory.create(module, openServer(runtime, door, guard, stopping.signal, limits), {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: false,
  });
  app.setGlobalPrefix('api/v1', { exclude: [{ path: 'api/docs', method: RequestMethod.ALL }] });
  app.useGlobalFilters(new ProblemFilter(logger));
  app.useGlobalPipes(new ValidationPipe());
  serveDocs(app);
  const proto = config.gateway.tls ? 'https' : 'http';
  const passThrough = new PassThrough(views, proto, passLimits);
  const upgrades = new Upgrades(passThrough, door, guard, proto, passLimits ?? PASS_LIMITS, logger);
  const sockets = socketsOf(app.getHttpServer() as Server);
  const live = new Live(
    runtime,
    door,
    guard,
    tail,
    new Actions(() => openApi(app), app.getHttpAdapter().getInstance() as FastifyInstance),
    liveLimits,
  );
  live.attach(app.getHttpServer() as Server, (request, socket, head) => upgrades.take(request, socket, head));
  passThrough.register(app.getHttpAdapter().getInstance() as FastifyInstance);
  await app.listen(port, host).catch(async (error: NodeJS.ErrnoException) => {
    presence.stop();
    await Promise.all([app.close(), tail.stop()]);
    throw error.code === 'EADDRINUSE'
      ? new SlipwayError('port-taken', `Port ${port} on ${host} is taken`, { host, port })
      : error;
  });
  const url = urlOf(config.gateway.tls ? 'https' : 'http', host, app.getHttpServer() as Server);
  logger.info({ url }, 'The gateway listens');

  return {
    url,
    app,
    health: async () => ({
      service,
      replica,
      ready: tail.failure === undefined,
      reasons: tail.failure ? [tail.failure.message] : [],
    }),
    async stop() {
      stopping.abort();
      await live.stop();
      upgrades.stop();
      const cut = clock.after(STOP_MS, () => sockets.forEach((socket) => socket.destroy()));
      await app.close();
      cut();
      await passThrough.stop();
      presence.stop();
      await tail.stop();
      await views.close();
    },
  };
}

function urlOf(scheme: string, host: string, server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  const name = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** Connections of a server, as they come and go: HTTP/2 has no word for ending them all. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
