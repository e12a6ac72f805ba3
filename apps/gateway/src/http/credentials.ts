import { Controller, Get, Header, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  HTTP_HEADERS,
  VERBS,
  hashOf,
  resourceStream,
  type Credentials,
  type CredentialsQuery,
  type RotateCommand,
  type Rotation,
  type SealedCredentials,
} from '@slipway/contracts';
import type { CredentialsView, RotationView } from '@slipway/contracts/http';
import { BUS, type Bus } from '@slipway/mesh';
import { Recipient } from '@slipway/secrets';
import { ApiCredentials, ApiRotate } from '../openapi/instance-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { idempotencyKey } from './idempotency-key.js';
import { KnownResources } from './known-resources.js';
import { onlyKnown } from './list-query.js';

/** What changes something is answered within a second, if only with the reason why not. */
const COMMAND_MS = 900;

/** What opens an instance and what it is wired to. It comes sealed for this one call, and no cache may keep the answer. */
@ApiNoun('instances')
@Controller('instances')
export class CredentialsController {
  constructor(
    @Inject(KnownResources) private readonly known: KnownResources,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @ApiCredentials()
  @Header('Cache-Control', 'no-store')
  @Get(':id/credentials')
  async read(@Param('id') id: string, @Call() call: HttpCall): Promise<CredentialsView> {
    onlyKnown(call.query, ['environment', 'atLeast']);
    const { kind, environment, name, location } = await this.known.get('instances', id, call);
    const resource = { environment, kind, name };
    const recipient = new Recipient();
    const query: CredentialsQuery = { resource, recipient: recipient.key };
    const options = { context: call.context, location, timeoutMs: COMMAND_MS };
    const sealed = await this.bus.request<SealedCredentials>(kind, VERBS.credentials, query, options);
    const credentials = JSON.parse(recipient.open(sealed, resourceStream(resource))) as Credentials[];
    return call.at({ generation: sealed.generation, credentials, position: sealed.position });
  }

  @ApiRotate()
  @HttpCode(202)
  @Post(':id/credentials/rotate')
  async rotate(@Param('id') id: string, @Call() call: HttpCall): Promise<RotationView> {
    onlyKnown(call.query, ['environment', 'atLeast']);
    const key = idempotencyKey(call.headers[HTTP_HEADERS.idempotencyKey.toLowerCase()]);
    const { kind, environment, name, location, instanceId } = await this.known.get('instances', id, call);
    const owned = await this.known.madeFor(environment, instanceId);
    // Another actor's key is another one.
    const rotation = hashOf({ actor: call.context.actor.id, key }).slice(0, 32);
    const command: RotateCommand = { resource: { environment, kind, name }, rotation, owned };
    const options = { context: call.context, location, timeoutMs: COMMAND_MS };
    const { position } = await this.bus.request<Rotation>(kind, VERBS.rotate, command, options);
    return call.recorded({ rotation, position }, `instances/${environment}.${name}`);
  }
}
