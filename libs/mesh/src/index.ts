export type { Bus, RequestOptions } from './bus/port.js';
export type { Runtime, RunningService, ServiceDefinition } from './service/port.js';
export {
  GatewayConfig,
  GuestLocationConfig,
  InstancesConfig,
  LimitsConfig,
  LoggingConfig,
  MeshConfig,
  NatsConfig,
  StepPolicy,
  StepsConfig,
} from './config/config.js';
