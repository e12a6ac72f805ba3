import type { Command } from '../command.js';
import { shellCommand } from '../shell/shell-command.js';
import type { SshConnection } from './connection.js';

/** Programs at a host that is reached over SSH (OpenSSH): what {@link shellCommand} says of them. */
export const sshCommand = (connection: SshConnection): Command => shellCommand(connection);
