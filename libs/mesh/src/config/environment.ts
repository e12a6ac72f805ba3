/** A setting that an environment variable overrides. */
export interface EnvironmentVariable {
  name: string;
  /** Path in the configuration: `gateway.port`. */
  field: string;
  meaning: string;
  read(value: string): unknown;
}

const text = (value: string) => value;
// What is no number stays as it is, so that the validation names it.
const number = (value: string) => (/^-?\d+$/.test(value) ? Number(value) : value);
const list = (value: string) => value.split(',').map((item) => item.trim());

/** Every environment variable that is configuration; they win over the file. */
export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  { name: 'SLIPWAY_PROFILE', field: 'profile', meaning: 'dev, test or prod: which file of deploy/ is read', read: text },
  { name: 'SLIPWAY_MESH', field: 'mesh', meaning: "the mesh's name, first token of its subjects", read: text },
  { name: 'SLIPWAY_HOST', field: 'host', meaning: "this machine's name in those of its replicas", read: text },
  { name: 'SLIPWAY_DATA', field: 'dataFolder', meaning: 'folder of everything that is kept', read: text },
  { name: 'SLIPWAY_CONTENT', field: 'contentFolder', meaning: 'folder of content packages', read: text },
  {
    name: 'SLIPWAY_LOCAL_CONTENT',
    field: 'localContentFolder',
    meaning: "folder of this machine's own content packages, over the others",
    read: text,
  },
  { name: 'SLIPWAY_EVENT_LOG', field: 'eventLog', meaning: '"sqlite" or kurrentdb://host:port', read: text },
  { name: 'SLIPWAY_LOCATIONS', field: 'locations', meaning: 'places that sub-provisioners serve, apart by commas', read: list },
  { name: 'SLIPWAY_LISTEN', field: 'gateway.host', meaning: 'address that the gateway listens on', read: text },
  { name: 'SLIPWAY_PORT', field: 'gateway.port', meaning: "the gateway's port", read: number },
  { name: 'NATS_URL', field: 'nats.url', meaning: 'nats://host:port or tls://host:port', read: text },
  { name: 'SLIPWAY_NATS_TOKEN_FILE', field: 'nats.tokenFile', meaning: 'file with the token for NATS', read: text },
  { name: 'SLIPWAY_NATS_CA_FILE', field: 'nats.caFile', meaning: "CA of NATS' certificate (PEM)", read: text },
  { name: 'DOCKER_HOST', field: 'docker.host', meaning: 'address of the Docker engine: unix:///var/run/docker.sock', read: text },
  { name: 'SLIPWAY_LOG_LEVEL', field: 'logging.level', meaning: 'trace, debug, info, warn, error or silent', read: text },
  { name: 'SLIPWAY_LOG_FORMAT', field: 'logging.format', meaning: 'auto, lines or json', read: text },
];
