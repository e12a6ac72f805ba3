import type { Command } from 'commander';
import type { SlipwayClient } from '@slipway/client';
import type { JsonObject } from '@slipway/contracts';
import type { ResourceView, UpdateJob } from '@slipway/contracts/http';
import { withClient } from '../../command.js';
import { chosen, collected, resolvingOf, resolvingOptions, type ChoiceFlags, type ResolvingFlags } from './choice-options.js';
import { placeOptions, type PlaceFlags } from './place-options.js';
import { runJob, waitOptions, type WaitFlags } from './run-job.js';

/** What may be said of an instance that is to be other than it is. */
export interface UpdateFlags extends PlaceFlags, ResolvingFlags, Pick<ChoiceFlags, 'offering'> {
  definition?: string;
}

/** `slipway update [--definition=<name>[@<range>]] [--offering=<name>=<value>]... [--] <instance-id>` */
export function update(program: Command): void {
  const command = program
    .command('update')
    .summary('change an instance that is there: a size, a choice, a newer version')
    .description(
      'Changes an instance that is there, and what was made for it: a size, a choice of what is offered, a newer version of its definition. Its data are kept; what fails is taken back. See first: npx slipway plan --update <instance-id>.',
    )
    .argument('<instance-id>', 'its name')
    .option('--definition <name[@range]>', 'what it is to be from now on; what it is, in its version, when left out')
    .option('--offering <name=value>', 'what is chosen anew of what is offered; several times', collected);
  waitOptions(resolvingOptions(placeOptions(command))).action(
    withClient<[string], UpdateFlags & WaitFlags>(async (session, flags, instanceId) =>
      runJob(
        session,
        flags,
        (job, options) => session.client.update(job, options),
        await updateJob(session.client, flags, instanceId),
      ),
    ),
  );
}

/** The job that the arguments ask for; validated by the gateway. */
export async function updateJob(client: SlipwayClient, flags: UpdateFlags, instanceId: string): Promise<UpdateJob> {
  const offerings = await choicesFor(client, flags, instanceId);
  return {
    instanceId,
    ...(flags.environment && { environment: flags.environment }),
    ...(flags.clusterId && { clusterId: flags.clusterId }),
    ...(flags.definition && { definition: flags.definition }),
    ...(offerings && { offerings }),
    ...resolvingOf(flags),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.notBefore && { notBefore: flags.notBefore }),
  };
}

/** Each choice as a value of its schema's type: what is offered is what its definition offers where it stands. */
async function choicesFor(
  client: SlipwayClient,
  { offering, definition, environment }: UpdateFlags,
  instanceId: string,
): Promise<JsonObject | undefined> {
  if (!offering) return undefined;
  const there = await installed(client, environment ? `${environment}.${instanceId}` : instanceId);
  const { name, version } = there.definition;
  const asked = {
    definition: definition ?? `${name}@${version}`,
    ...(there.guestLocation !== undefined && { guestLocation: there.guestLocation }),
  };
  const provisioner = there.provisioner ?? (await client.provisioners.list()).find((one) => one.default)!.name;
  return chosen(await client.provisioners.offerings(provisioner, asked), offering);
}

/** What stands under a name: mostly an instance; a storage or a database that was asked for by itself. */
async function installed({ instances, storages, databases }: SlipwayClient, id: string): Promise<ResourceView> {
  try {
    return await instances.get(id);
  } catch (error) {
    for (const rows of [storages, databases]) {
      const row = await rows.get(id).catch(() => undefined);
      if (row) return row;
    }
    throw error;
  }
}
