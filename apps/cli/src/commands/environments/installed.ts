import type { Command } from 'commander';
import type { Inside, Lists } from '@slipway/client';
import type {
  InstalledCapabilityView,
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
} from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { printRows, time, type Column } from '../../output/format.js';
import { listRows, pageOptions, type PageFlags } from '../list-options.js';
import { needed } from './needed.js';

interface Listed<Row> {
  noun: string;
  summary: string;
  /** Fields that rows are found by, with what each is. */
  by: Record<string, string>;
  rows(inside: Inside): Lists<Row>;
  columns: Column<Row>[];
}

const identity = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`;

const RESOURCES: Listed<InstalledView> = {
  noun: 'resources',
  summary: 'what is installed in one',
  by: {
    kind: 'storage, database or instance',
    name: 'its name',
    definition: "its definition's name",
    'instance-id': 'made for that instance',
  },
  rows: ({ resources }) => resources,
  columns: [
    ['RESOURCE', (row) => row.key],
    ['DEFINITION', (row) => identity(row.definition)],
    ['FOR', (row) => row.instanceId ?? 'all'],
    ['OWNER', (row) => row.owner.id],
    ['DRIVER', (row) => row.driver],
    ['LOCATION', (row) => row.location],
    ['INSTALLED', (row) => time(row.installedAt)],
    ['', (row) => (row.uncertain ? 'uncertain' : '')],
  ],
};

const CAPABILITIES: Listed<InstalledCapabilityView> = {
  noun: 'capabilities',
  summary: 'what that offers; the services of instances while they are healthy',
  by: {
    namespace: 'of this namespace',
    resource: 'of this resource: instance/shop',
    definition: "its definition's name",
  },
  rows: ({ capabilities }) => capabilities,
  columns: [
    ['RESOURCE', (row) => row.resource],
    ['NAMESPACE', (row) => row.namespace],
    ['SINCE', (row) => time(row.since)],
    ['ATTRIBUTES', (row) => JSON.stringify(row.attributes)],
  ],
};

const REQUIREMENTS: Listed<InstalledRequirementView> = {
  noun: 'requirements',
  summary: 'what that needs, and what it is wired to for it',
  by: {
    namespace: 'of this namespace',
    resource: 'of this resource: instance/shop',
    resolution: 'mandatory or optional',
  },
  rows: ({ requirements }) => requirements,
  columns: [
    ['RESOURCE', (row) => row.resource],
    ['REQUIREMENT', (row) => row.name],
    ['NEEDS', needed],
    ['WIRED TO', (row) => row.wiredTo.join(', ') || `nothing${row.resolution === 'optional' ? ' (optional)' : ''}`],
  ],
};

const WIRES: Listed<InstalledWireView> = {
  noun: 'wires',
  summary: 'how it is wired',
  by: {
    from: 'of who requires it: instance/shop',
    to: 'to what satisfies it: storage/shop-data',
    namespace: 'of this namespace',
  },
  rows: ({ wires }) => wires,
  columns: [
    ['FROM', (row) => row.from],
    ['REQUIREMENT', (row) => row.requirement],
    ['TO', (row) => row.to],
    ['NAMESPACE', (row) => row.namespace],
    ['SINCE', (row) => time(row.since)],
  ],
};

/** `slipway environments resources|capabilities|requirements|wires [name]` */
export function installed(noun: Command): void {
  add(noun, RESOURCES);
  add(noun, CAPABILITIES);
  add(noun, REQUIREMENTS);
  add(noun, WIRES);
}

/** What a field is in the API, and as an option is parsed: `instance-id`, `instanceId`. */
const fieldOf = (option: string): string => option.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());

function add<Row>(parent: Command, { noun, summary, by, rows, columns }: Listed<Row>): void {
  const command = parent
    .command(noun)
    .summary(summary)
    .argument('[name]', "the environment's name (SLIPWAY_ENVIRONMENT); default when left out");
  for (const [option, described] of Object.entries(by)) command.option(`--${option} <value>`, described);
  command.option(
    '--filter <filter>',
    "what must hold of a row: '(&(kind=storage)(version>=1.2))'; of a capability its attributes",
  );
  pageOptions(command).action(
    withClient<[string | undefined], PageFlags & Record<string, string>>(async ({ client, options }, flags, name) => {
      const inside = client.environments.in(name ?? process.env.SLIPWAY_ENVIRONMENT ?? 'default');
      const fields = [...Object.keys(by).map(fieldOf), 'filter'];
      const filter = Object.fromEntries(fields.map((field) => [field, flags[field]]));
      printRows(await listRows(rows(inside), flags, filter), columns, options.output, `No ${noun}.`);
    }),
  );
}
