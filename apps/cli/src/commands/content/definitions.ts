import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { CapabilityView, DefinitionRecorded, DefinitionSummary } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { UsageError } from '../../exit.js';
import { print, printRows, printValue, type Format } from '../../output/format.js';
import { list, show } from '../list-and-show.js';
import { layerOption, type LayerFlags } from './content.js';

/** `slipway definitions`, `slipway definitions show|create|update|delete`, `slipway capabilities` */
export function definitions(program: Command): void {
  const noun = program
    .command('definitions')
    .summary('what there is to be installed, one by one')
    .description('Definitions: what can be installed, each with the layer and the content package that it stands in.');
  layerOption(
    list(noun).option('--name <name>', 'only of this name: its versions'),
    'only those that count in this layer',
  ).action(
    withClient<[], LayerFlags & { name?: string }>(async ({ client, options }, { name, layer }) => {
      const items: DefinitionSummary[] = [];
      for await (const one of client.definitions.all({ name, layer })) items.push(one);
      printRows(
        items,
        [
          ['DEFINITION', (one) => `${one.name}@${one.version}`],
          ['TYPE', ({ type }) => type ?? ''],
          ['TITLE', ({ title }) => title ?? ''],
          ['LAYER', (one) => one.layer],
          ['PACKAGE', (one) => one.package],
        ],
        options.output,
        'No definitions.',
      );
    }),
  );
  show(noun, {
    summary: 'one of them, where it stands, and what it overrides',
    argument: '<name@version>',
    described: 'its name and exact version: guestbook@1.0.0',
    get(client, given) {
      return client.definitions.get(...identityIn(given));
    },
  });
  for (const change of ['create', 'update'] as const)
    noun
      .command(change)
      .summary(change === 'create' ? 'write one that stands in no layer yet' : 'change one that was written so')
      .argument('<path>', 'a YAML or JSON file that is the definition')
      .action(
        withClient<[string], object>(async ({ client, options }, _flags, path) =>
          tell(await client.definitions[change](await definitionIn(path)), 'is in force', options.output),
        ),
      );
  noun
    .command('delete')
    .summary('take one away that was written so')
    .argument('<name@version>', 'its name and exact version')
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string], { reason?: string }>(async ({ client, options }, { reason }, given) => {
        const [name, version] = identityIn(given);
        tell(await client.definitions.delete(name, version, reason), 'is not in force any more', options.output);
      }),
    );
  program
    .command('capabilities')
    .summary('what definitions offer to others')
    .option('--namespace <namespace>', 'only of this namespace; slipway.identity: all definitions')
    .option('--filter <filter>', 'only what it matches, as a requirement says it: (&(engine=sqlite)(version>=1))')
    .action(
      withClient<[], { namespace?: string; filter?: string }>(async ({ client, options }, { namespace, filter }) => {
        const items: CapabilityView[] = [];
        for await (const one of client.definitions.allCapabilities({ namespace, filter })) items.push(one);
        printRows(
          items,
          [
            ['NAMESPACE', (one) => one.namespace],
            ['DEFINITION', ({ definition }) => `${definition.name}@${definition.version}`],
            ['ATTRIBUTES', ({ attributes }) => JSON.stringify(attributes)],
            ['LAYER', ({ layer }) => layer],
          ],
          options.output,
          'No capabilities.',
        );
      }),
    );
}

function identityIn(given: string): [name: string, version: string] {
  const at = given.indexOf('@');
  if (at < 1) throw new UsageError(`${given} is no name@version such as guestbook@1.0.0.`);
  return [given.slice(0, at), given.slice(at + 1)];
}

/** What a file says, as JSON; the gateway says what is wrong with it. Throws a `UsageError` for what is neither YAML nor JSON. */
async function definitionIn(path: string): Promise<{ name: string; version: string }> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`There is no file ${path}.`);
  });
  const document = parseDocument(text, { schema: 'core', resolveKnownTags: false });
  const [error] = document.errors;
  const value: unknown = error ? undefined : document.toJS();
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`${path} is no definition: ${error?.message.split('\n', 1)[0] ?? 'it must be an object'}`);
  return value as { name: string; version: string };
}

function tell(recorded: DefinitionRecorded, what: string, format: Format): void {
  const { name, version, layer, repeated } = recorded;
  if (format !== 'table') return printValue(recorded, format);
  print(`${name}@${version} ${what}${repeated ? ' already' : ''} (layer ${layer}).`);
}
