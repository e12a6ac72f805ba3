import { SlipwayError } from '@slipway/contracts';
import type { DatabasesOnServerConfig } from '@slipway/mesh';
import type { DriverContext } from '@slipway/provisioner';
import type { Engine } from './engine.js';
import { OwnServer, type ServerProgram, type ServerRecord } from './own-server.js';

/** A kind of database server at a place: the one that is named in the configuration, or our own. */
export interface ServerPlace {
  /** The engine; one of our own is made and started where it does not run. */
  engine(context: DriverContext): Promise<Engine>;
  /** The same, but none is made: `undefined` where it was never needed yet. */
  existing(context: DriverContext): Promise<Engine | undefined>;
  /** Brings our own back when it does not run. */
  keep(context: DriverContext): Promise<void>;
  /** Ends our own; all that it has stays. */
  end(context: DriverContext): Promise<void>;
}

/** A server that others run, as the configuration names it. */
export type NamedServer = NonNullable<DatabasesOnServerConfig['server']>;

/** A server of our own that runs. */
export interface RunningServer {
  home: string;
  record: ServerRecord;
  /** Of the role with all rights. */
  password: string;
}

/** How a kind of server is reached. */
export interface Ways {
  own(server: RunningServer, context: DriverContext): Promise<Engine>;
  named(server: NamedServer, context: DriverContext): Promise<Engine>;
}

/** The server that the configuration names, else one of our own. */
export function serverPlace(program: ServerProgram, named: NamedServer | undefined, ways: Ways): ServerPlace {
  if (named) {
    const engine = (context: DriverContext) => ways.named(named, context);
    return { engine, existing: engine, keep: async () => {}, end: async () => {} };
  }
  const server = new OwnServer(program);
  const engine = async (context: DriverContext) => {
    const record = await server.start(context);
    const password = await context.secrets.read(record.superuser);
    return ways.own({ home: server.home(context), record, password }, context);
  };
  return {
    engine,
    existing: async (context) => ((await server.record(context)) ? engine(context) : undefined),
    keep: (context) => server.keep(context),
    end: (context) => server.end(context),
  };
}

/** No client of a server is here. `packageName`: what Debian calls what brings it. */
export const clientMissing = (client: string, packageName: string): SlipwayError =>
  new SlipwayError(
    'driver-unavailable',
    `There is no ${client} on this machine: install it (Debian: apt-get install ${packageName})`,
    { package: packageName },
  );
