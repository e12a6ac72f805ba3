import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Option, type Command } from 'commander';
import { SHOWN_LAYERS, type ContentRecorded, type DelegateView, type ShownLayer } from '@slipway/contracts';
import { withClient } from '../../command.js';
import { print, printRows, printValue, type Format } from '../../output/format.js';
import { forceOption, requireFree, writeNew, type ForceFlags } from '../../output/new-file.js';
import { printable } from '../../output/printable.js';
import { list } from '../list-and-show.js';
import { packageAt } from './package-file.js';

export interface LayerFlags {
  layer?: ShownLayer;
}
export const layerOption = (command: Command, what: string): Command =>
  command.addOption(new Option('--layer <layer>', what).choices(SHOWN_LAYERS));
const ONE_LAYER = 'of this layer; of several of its name the uppermost is meant otherwise';

/** `slipway content`, `slipway content delegates|refresh|show|upload|replace|download|remove` */
export function content(program: Command): void {
  const noun = program
    .command('content')
    .summary('what there is to be installed: content packages, in their layers')
    .description(
      'Content packages: definitions of what can be installed. A definition is looked up in the layers from the top down.',
    );
  layerOption(list(noun), 'only of this layer').action(
    withClient<[], LayerFlags>(async ({ client, options }, { layer }) => {
      const { items, problems } = await client.content.list({ layer });
      printRows(
        items,
        [
          ['PACKAGE', ({ name }) => name],
          ['VERSION', ({ version }) => version],
          ['LAYER', (one) => one.layer],
          ['DEFINITIONS', ({ counts }) => counts.definitions],
          ['OVERRIDDEN', ({ counts }) => counts.overridden],
          ['OVERWRITABLE', ({ overwritable }) => (overwritable ? 'yes' : 'no')],
          ['WRITABLE', ({ writable }) => (writable ? 'yes' : 'no')],
          ['SOURCE', ({ source }) => source],
        ],
        options.output,
        'No content packages.',
      );
      for (const problem of problems) process.stderr.write(`Not in force: ${printable(problem)}\n`);
    }),
  );
  noun
    .command('delegates')
    .summary('other repositories that are delegated to, and how they are')
    .action(
      withClient<[], object>(async ({ client, options }) =>
        tellDelegates((await client.content.list()).delegates, options.output),
      ),
    );
  noun
    .command('refresh')
    .summary('ask other repositories now what they have, all or one')
    .argument('[delegate]', 'its name in the configuration')
    .action(
      withClient<[string | undefined], object>(async ({ client, options }, _flags, delegate) =>
        tellDelegates((await client.content.refresh(delegate)).items, options.output),
      ),
    );
  const shown = noun.command('show').summary('one of them, with all that is told of it').argument('<name>', 'its name');
  layerOption(shown, ONE_LAYER).action(
    withClient<[string], LayerFlags>(async ({ client, options }, { layer }, name) =>
      printValue(await client.content.get(name, { layer }), options.output),
    ),
  );
  noun
    .command('upload')
    .summary('bring one in: checked as a whole before anything changes')
    .argument('<path>', 'a YAML or JSON file, a folder with package.yaml, or a tar of one')
    .action(
      withClient<[string], object>(async ({ client, options }, _flags, path) =>
        tell(await client.content.upload(await packageAt(path)), 'is in force', options.output),
      ),
    );
  noun
    .command('replace')
    .summary('put one in the place of the uploaded one of its name')
    .argument('<name>', 'its name')
    .argument('<path>', 'a YAML or JSON file, a folder with package.yaml, or a tar of one')
    .action(
      withClient<[string, string], object>(async ({ client, options }, _flags, name, path) =>
        tell(await client.content.replace(name, await packageAt(path)), 'is in force', options.output),
      ),
    );
  const downloaded = noun
    .command('download')
    .summary('write one into a file, as it can be uploaded elsewhere')
    .argument('<name>', 'its name')
    .argument('[path]', 'a file, or a folder that it gets its own name in', './');
  forceOption(layerOption(downloaded, ONE_LAYER)).action(
    withClient<[string, string], LayerFlags & ForceFlags>(async ({ client }, { layer, force }, name, path) => {
      const { body, file } = await client.content.package(name, { layer });
      try {
        const isFolder = path.endsWith('/') || (await stat(path).catch(() => null))?.isDirectory() === true;
        const where = isFolder ? join(path, file) : path;
        await requireFree(where, { ...(force && { force }) });
        await writeNew(where, Readable.fromWeb(body as ReadableStream));
        print(where);
      } finally {
        await body.cancel().catch(() => undefined);
      }
    }),
  );
  noun
    .command('remove')
    .summary('take an uploaded one away; what is installed of it stays')
    .argument('<name>', 'its name')
    .option('--reason <text>', 'why; it is recorded')
    .action(
      withClient<[string], { reason?: string }>(async ({ client, options }, { reason }, name) =>
        tell(await client.content.remove(name, reason), 'is not in force any more', options.output),
      ),
    );
}

function tellDelegates(all: DelegateView[], format: Format): void {
  printRows(
    all,
    [
      ['REPOSITORY', ({ name }) => name],
      ['KIND', ({ kind }) => kind],
      ['SOURCE', ({ source }) => source],
      ['PACKAGES', ({ packages }) => packages],
      ['DEFINITIONS', ({ definitions }) => definitions],
      ['ANSWERED', ({ answeredAt }) => answeredAt ?? 'not yet'],
      ['AWAY SINCE', ({ awaySince }) => awaySince ?? ''],
    ],
    format,
    'Nothing is delegated to other repositories.',
  );
  for (const { problems } of all) for (const problem of problems) process.stderr.write(`Not in force: ${printable(problem)}\n`);
}

function tell(recorded: ContentRecorded, what: string, format: Format): void {
  const { name, version, layer, definitions, repeated } = recorded;
  if (format !== 'table') return printValue(recorded, format);
  const count = definitions > 0 ? `, ${definitions} ${definitions === 1 ? 'definition' : 'definitions'}` : '';
  print(`${name}@${version} ${what}${repeated ? ' already' : ''} (layer ${layer}${count}).`);
}
