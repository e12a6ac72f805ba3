import { Command, Help, Option } from 'commander';
import { blueprints } from './commands/blueprints/blueprints.js';
import { quotas } from './commands/blueprints/quotas.js';
import { content } from './commands/content/content.js';
import { definitions } from './commands/content/definitions.js';
import { credentials } from './commands/credentials/credentials.js';
import { drift } from './commands/environments/drift.js';
import { environments } from './commands/environments/environments.js';
import { why } from './commands/environments/why.js';
import { handlers } from './commands/handlers/handlers.js';
import { instances } from './commands/instances/instances.js';
import { cp } from './commands/leases/cp.js';
import { reclaim, release, renew } from './commands/leases/ending.js';
import { exec } from './commands/leases/exec.js';
import { lease } from './commands/leases/lease.js';
import { leasedResources } from './commands/leases/leased-resources.js';
import { leases } from './commands/leases/leases.js';
import { backup } from './commands/mesh/backup.js';
import { completion } from './commands/mesh/completion.js';
import { doctor } from './commands/mesh/doctor.js';
import { events } from './commands/mesh/events.js';
import { status } from './commands/mesh/status.js';
import { views } from './commands/mesh/views.js';
import { apply } from './commands/ops/apply.js';
import { deprovision } from './commands/ops/deprovision.js';
import { diff } from './commands/ops/diff.js';
import { exportCommand } from './commands/ops/export.js';
import { importCommand } from './commands/ops/import.js';
import { plan } from './commands/ops/plan.js';
import { provision } from './commands/ops/provision.js';
import { update } from './commands/ops/update.js';
import { provisioners } from './commands/provisioners/provisioners.js';
import { control } from './commands/requests/control.js';
import { logs } from './commands/requests/logs.js';
import { requests } from './commands/requests/requests.js';
import { wait } from './commands/requests/wait.js';
import { resources } from './commands/resources/resources.js';
import { snapshots } from './commands/snapshots/snapshots.js';
import { FORMATS } from './output/format.js';

/** Every command, in the order of the help. A new one is a file and a line here. */
const COMMANDS = [
  provision,
  deprovision,
  importCommand,
  exportCommand,
  update,
  plan,
  apply,
  diff,
  requests,
  wait,
  control,
  logs,
  resources,
  instances,
  credentials,
  environments,
  why,
  drift,
  lease,
  leases,
  exec,
  cp,
  renew,
  release,
  reclaim,
  leasedResources,
  blueprints,
  quotas,
  snapshots,
  content,
  definitions,
  provisioners,
  handlers,
  events,
  status,
  doctor,
  views,
  backup,
  completion,
];

/** The whole command line, under the name by which it is there in a clone. */
export function slipway(): Command {
  const program = new Command('npx slipway')
    .description('Ask for a service, get everything it needs, and give it all back.')
    .version('0.1.0')
    .option('--url <url>', "the gateway's address (SLIPWAY_URL); that of the mesh on this machine when left out")
    .option('--data <folder>', "the mesh's data folder (SLIPWAY_DATA), for its address and key")
    .option('--log-token <token>', 'carried into every log line and event (SLIPWAY_LOG_TOKEN)')
    .addOption(new Option('-o, --output <format>', 'how results are printed').choices(FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nThe key is read from SLIPWAY_KEY, else from gateway.key in the data folder: that one goes to the mesh of that folder only.\nExit codes: 0 done, 1 failed, 2 bad usage (of drift: a difference), 3 unsatisfied, 4 not reachable, 5 timed out, 6 changed since it was planned.',
    )
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions, optionDescription })
    .showHelpAfterError('(npx slipway --help shows what there is; a bare -- ends the options)')
    .exitOverride();
  for (const command of COMMANDS) command(program);
  describe(program);
  return program;
}

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command);

/** Those of the program. What a noun's list takes (`instances --status`) is no option of its other verbs. */
const visibleGlobalOptions = (command: Command): Option[] =>
  command.parent ? rootOf(command).options.filter(({ hidden }) => !hidden) : [];

/** Says too what can't be left out. */
const optionDescription = (option: Option): string =>
  `${new Help().optionDescription(option)}${option.mandatory ? ' (required)' : ''}`;

/** A command that has nothing more to say of itself says its summary in its help too. */
function describe(program: Command): void {
  for (const command of program.commands) {
    const summary = command.summary();
    if (!command.description()) command.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`).summary(summary);
    describe(command);
  }
}
