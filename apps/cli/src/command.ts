import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import { unlessComingBack } from './coming-back.js';
import { connect, type GlobalOptions } from './session.js';
import { EXIT } from './exit.js';

/** What a command's action is given beside its arguments. */
export interface Session {
  client: SlipwayClient;
  options: GlobalOptions;
}

/**
 * An action with a connected client. What it returns becomes the exit code; what it throws is explained in `main`.
 * Commander hands over arguments, then the command's options, then the command.
 */
export const withClient =
  <Args extends unknown[], Options>(action: (session: Session, options: Options, ...args: Args) => Promise<number | void>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions>();
    const session = { client: connect(options), options };
    try {
      const code = await action(session, options as Options, ...(given.slice(0, -2) as Args));
      process.exitCode = code ?? EXIT.done;
    } catch (error) {
      throw unlessComingBack(error, options);
    }
  };
