import {
  resourceStream,
  type Credentials,
  type CredentialsQuery,
  type RequestContext,
  type SealedCredentials,
} from '@slipway/contracts';
import { sealFor } from '@slipway/secrets';
import { wanted } from '../lifecycle/resource.js';
import { callMetadata, type ResourceStreams } from '../lifecycle/stream.js';
import type { Ports } from '../ports.js';
import { ownerOf, secretRefsIn, withSecrets } from './secret-refs.js';

/**
 * Gives out what opens a resource and what it is wired to.
 *
 * C1. That somebody reads them is recorded before they are given out; where it can't be recorded, nothing is.
 * C2. They leave this process only sealed for the one who asks, and for this resource.
 */
export class CredentialReader {
  constructor(
    private readonly ports: Pick<Ports, 'secrets'>,
    private readonly streams: ResourceStreams,
  ) {}

  /** Throws `not-found`, `bad-input` for a key that is none, `secret-missing`, `log-unavailable`. */
  async read({ resource: ref, recipient }: CredentialsQuery, context: RequestContext): Promise<SealedCredentials> {
    const before = await this.streams.load(ref);
    const present = wanted(before.state);
    const { outputs = {}, inputs = {} } = present ?? {};
    const refs = secretRefsIn([outputs, inputs]);
    const values = new Map(await Promise.all(refs.map(async (one) => [one, await this.ports.secrets.read(one)] as const)));
    const read = async (one: (typeof refs)[number]) => values.get(one)!;
    const credentials: Credentials[] = [{ kind: ref.kind, name: ref.name, values: await withSecrets(outputs, read) }];
    for (const [name, input] of Object.entries(inputs)) {
      const kind = secretRefsIn(input).map(ownerOf).find(Boolean)?.kind;
      // What opens without a secret is told by its address alone.
      if (kind !== undefined) credentials.push({ kind, name, values: await withSecrets(input, read) });
    }
    const sealed = sealFor(recipient, resourceStream(ref), JSON.stringify(credentials));
    const { loaded } = await this.streams.record(
      ref,
      { type: 'ReadCredentials', secrets: refs },
      callMetadata(context, ref, before),
      before,
    );
    return { generation: present!.generation, ...sealed, position: loaded.position! };
  }
}
