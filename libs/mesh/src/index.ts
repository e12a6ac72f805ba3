export type { Bus, RequestOptions } from './bus/port.js';
export { Connection, type ConnectOptions } from './bus/connection.js';
export { DEFAULT_TIMEOUT, NatsBus } from './bus/nats-bus.js';
export { MAX_MESSAGE } from './bus/wire.js';
export { currentContext, knownContext, runInContext, systemContext } from './context/context.js';
export { TRACEPARENT, newTrace, nextSpan } from './context/trace.js';
export { counter, gauge, histogram, processMetrics } from './metrics/metrics.js';
export { mergeMetrics, scrapeOthers } from './metrics/scrape.js';
export { BEAT_EVERY, startBeats, type BeatOptions } from './health/beats.js';
export { Presence, type Heard, type PresenceOptions } from './health/presence.js';
export { createLogger, type LoggerOptions } from './logging/logger.js';
export { NestLogger } from './logging/nest-logger.js';
export { BLOBS, BUS, CLOCK, CONFIG, LOGGER, METRICS, PortsModule, RUNTIME, SECRETS, STORE } from './microservice/ports.js';
export { startMicroservice, type MicroserviceOptions, type RunningMicroservice } from './microservice/start.js';
export { SchemaPipe } from './microservice/schema-pipe.js';
export { ValidationPipe, badInput, fieldErrors, assertPlain, validated, type FieldError } from './microservice/validation.js';
export { chosenErrors, offeringErrors } from './offerings/offerings.js';
export { RELAY_HEADERS } from './relay/event-stream.js';
export { completionStreamName, completions } from './relay/completions.js';
export { eventStreamName, recordedEvents } from './relay/recorded-events.js';
export { eventView } from './relay/event-view.js';
export { startRelays } from './relay/relay.js';
export { hostServices, type HostedServices } from './runtime/host-services.js';
export { openMesh, type MeshProcess, type OpenMeshOptions } from './runtime/open-mesh.js';
export type { Runtime, RunningService, ServiceDefinition } from './service/port.js';
export { Wakes } from './service/wakes.js';
export {
  BlueprintConfig,
  GatewayConfig,
  DatabaseServerConfig,
  DatabasesOnServerConfig,
  GuestLocationConfig,
  HandlerConfig,
  InstancesConfig,
  InterfaceConfig,
  LimitsConfig,
  LoggingConfig,
  MeshConfig,
  RemoteLocationConfig,
  NatsConfig,
  ProvisionerConfig,
  ProvisionersConfig,
  RelayConfig,
  SLIPWAY,
  StepPolicy,
  StepsConfig,
  TlsConfig,
} from './config/config.js';
export type { DelegateConfig } from './config/config.js';
export { driversAt, provisionerAt } from './config/provided.js';
export { asSaid, destinationIn, inStore, type InStore } from './config/stores.js';
export { ENVIRONMENT, type EnvironmentVariable } from './config/environment.js';
export { PROFILES, loadConfig, type LoadOptions, type Profile } from './config/load.js';
