export { LocalBus, randomFaults, type Faults, type LocalBusOptions, type Passage } from './local-bus.js';
export { testRuntime, type TestParts } from './runtime.js';
export { findNatsServer, startNatsServer, type NatsServer } from './nats-server.js';
export { seededRandom as seeded } from '@slipway/event-store/testing/seeded-random';
export { VirtualClock, settle } from './virtual-clock.js';
