import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  IsDefinitionReference,
  IsName,
  IsResourceUri,
  MayBeLeftOut,
  NAME,
  Offering,
  type JsonObject,
  type ResourceKind,
} from '@slipway/contracts';

/** The provisioner that every mesh has. */
export const SLIPWAY = 'slipway';

/** What it is unless it is configured otherwise. */
export const slipwayProvisioner = (): ProvisionerConfig => ({
  provides: { instance: 'instance', storage: 'storage', database: 'database' },
});

/** A certificate and its key, as PEM files. */
export class TlsConfig {
  @IsString() certFile: string;
  @IsString() keyFile: string;
}

/** Where the gateway listens. Loopback unless told otherwise. */
export class GatewayConfig {
  @IsString() host: string = '127.0.0.1';
  @IsInt() @Min(0) @Max(65535) port: number = 7420;
  /** Further names that may stand in `Host` and `Origin`. */
  @MayBeLeftOut() @IsArray() @IsString({ each: true }) allowedHosts?: string[];
  /** HTTPS (HTTP/2 where the client can) instead of HTTP. */
  @MayBeLeftOut() @ValidateNested() @Type(() => TlsConfig) tls?: TlsConfig;
}

export class NatsConfig {
  /** `nats://host:port` or `tls://host:port`, several apart by commas; left out: one is started on this machine and supervised. */
  @MayBeLeftOut()
  @Matches(/^(nats|tls):\/\/[^/?#@\s,]+(,(nats|tls):\/\/[^/?#@\s,]+)*$/, {
    message: '$property must be nats://host:port or tls://host:port, several apart by commas, without a credential',
  })
  url?: string;
  /** File with the credential (a token), mode 0600; made at the first start when it is ours. */
  @MayBeLeftOut() @IsString() tokenFile?: string;
  /** CA (PEM) that the server's certificate must come from; the system's when left out. For `tls://`. */
  @MayBeLeftOut() @IsString() caFile?: string;
}

/** A named place: where things are made, and by which drivers. */
export class GuestLocationConfig {
  @IsName() location: string;
  /** Drivers by kind: one, or several of which the first is taken where a definition names none. */
  @IsObject() drivers: Record<ResourceKind, string | string[]>;
  /** Who provisions here where a job names nobody; `provisioners.default` when left out. */
  @MayBeLeftOut() @IsName() provisioner?: string;
  /** What end users can choose here, beside what the provisioner offers. */
  @MayBeLeftOut() @IsArray() @ValidateNested({ each: true }) @Type(() => Offering) offerings?: Offering[];
}

/** A provisioner: a named contract of what is provided, by whom, and with which choices for the end user. */
export class ProvisionerConfig {
  /** One line for people. */
  @MayBeLeftOut() @IsString() @MaxLength(120) title?: string;
  /**
   * By kind: a driver's name; or the kind's own name, for its service: then each guest location says by which driver. What
   * is left out it can't do.
   */
  @IsObject() provides: Partial<Record<ResourceKind, string>>;
  /** An npm package whose drivers the services load at start. */
  @MayBeLeftOut()
  @Matches(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, { message: '$property must be the name of an npm package' })
  package?: string;
  /** What end users can choose. */
  @MayBeLeftOut() @IsArray() @ValidateNested({ each: true }) @Type(() => Offering) offerings?: Offering[];
  /** Path at an instance where it is called; joined with the instance's address. A definition's own counts before it. */
  @MayBeLeftOut() @IsResourceUri() 'resource-uri'?: string;
}

/** Who provisions. `slipway` is always there: every kind by its service, unless it is configured otherwise. */
export class ProvisionersConfig {
  /** Who provisions where neither job nor guest location names anybody. */
  @IsName() default: string = SLIPWAY;
  /** Folder whose `node_modules` hold the packages; the clone itself when left out. Absolute after loading. */
  @MayBeLeftOut() @IsString() folder?: string;
  @IsObject() hosts: Record<string, ProvisionerConfig> = { [SLIPWAY]: slipwayProvisioner() };
}

/** How often and how long a kind of step is tried. */
export class StepPolicy {
  /** One try's time limit. */
  @IsNumber() @Min(0.05) @Max(86_400) timeoutSeconds: number = 60;
  @IsInt() @Min(1) @Max(100) tries: number = 4;
  /** Before the second try; doubles from there on. */
  @IsNumber() @Min(0) @Max(3600) backoffSeconds: number = 1;
  @IsNumber() @Min(0) @Max(86_400) maxBackoffSeconds: number = 60;
}

export class StepsConfig {
  @ValidateNested() @Type(() => StepPolicy) storage: StepPolicy = new StepPolicy();
  @ValidateNested() @Type(() => StepPolicy) database: StepPolicy = new StepPolicy();
  @ValidateNested() @Type(() => StepPolicy) instance: StepPolicy = new StepPolicy();
  /** Of what moves data, whatever its kind: an export, and what begins with a snapshot. */
  @ValidateNested() @Type(() => StepPolicy) data: StepPolicy = Object.assign(new StepPolicy(), { timeoutSeconds: 21_600 });
}

/** How many admitted requests an environment works on at once. */
export class LimitsConfig {
  @IsInt() @Min(1) concurrent: number = 256;
  @IsInt() @Min(1) perOwner: number = 64;
  /** Waiting requests beyond which new ones are refused (`too-busy`). */
  @IsInt() @Min(1) queue: number = 100_000;
}

/** A store with an S3 API in which the driver `s3` makes buckets. */
export class S3Config {
  @Matches(/^https?:\/\/[^/?#@\s]+\/?$/, { message: '$property must be http://host:port or https://host' }) endpoint: string;
  @IsString() region: string = 'us-east-1';
  /** Of who may make buckets. */
  @Matches(/^[\x21-\x7e]{3,128}$/, { message: '$property must be an access key id' }) accessKeyId: string;
  /** File with the secret of that key, mode 0600. */
  @IsString() secretKeyFile: string;
  /**
   * Whose the credentials of a bucket are: `radosgw`: its own user, by Ceph's admin API (needs caps `users=*`); `shared`: those above,
   * which reach every bucket.
   */
  @IsIn(['radosgw', 'shared']) credentials: 'radosgw' | 'shared' = 'shared';
}

export class StoragesConfig {
  @MayBeLeftOut() @ValidateNested() @Type(() => S3Config) s3?: S3Config;
}

/** The Docker engine that drivers of containers and volumes use, by the `docker` client of the place. */
export class DockerConfig {
  /** `unix:///var/run/docker.sock`, `ssh://user@host`, …; the client's own default when left out. */
  @MayBeLeftOut()
  @Matches(/^(unix|ssh|tcp|npipe):\/\/\S+$/, { message: '$property must be an address such as unix:///var/run/docker.sock' })
  host?: string;
  /** The client's configuration folder, with its credentials for registries; `~/.docker` when left out. */
  @MayBeLeftOut() @IsString() configFolder?: string;
}

/** Whose certificate a database server must have. */
export class DatabaseTlsConfig {
  /** CA (PEM) that the server's certificate comes from; it must be for the name in `host`. */
  @IsString() caFile: string;
}

/** A database server that others run. */
export class DatabaseServerConfig {
  @Matches(/^[A-Za-z0-9.:_-]{1,253}$/, { message: '$property must be a name or an address such as db.example.org' }) host: string;
  /** The engine's own when left out: 5432, 3306. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(65535) port?: number;
  /** Who may make databases and roles. */
  @Matches(/^[A-Za-z0-9_.-]{1,63}$/, { message: '$property must be the name of a role' }) user: string;
  /** File with its password, mode 0600. */
  @IsString() passwordFile: string;
  /** Database in which it is kept what was made (`postgres`, PostgreSQL only). */
  @MayBeLeftOut() @Matches(/^[A-Za-z0-9_-]{1,63}$/, { message: '$property must be the name of a database' }) database?: string;
  /** Left out: in the clear, which is for this machine only. */
  @MayBeLeftOut() @ValidateNested() @Type(() => DatabaseTlsConfig) tls?: DatabaseTlsConfig;
}

/** Databases on one kind of server. */
export class DatabasesOnServerConfig {
  /** Left out: one is started at each place that needs one, from the programs that are installed there. */
  @MayBeLeftOut() @ValidateNested() @Type(() => DatabaseServerConfig) server?: DatabaseServerConfig;
  /** Most connections of a database whose definition does not say. */
  @IsInt() @Min(1) @Max(10_000) connectionLimit: number = 20;
}

export class DatabasesConfig {
  @ValidateNested() @Type(() => DatabasesOnServerConfig) postgres: DatabasesOnServerConfig = new DatabasesOnServerConfig();
  @ValidateNested() @Type(() => DatabasesOnServerConfig) mariadb: DatabasesOnServerConfig = new DatabasesOnServerConfig();
}

export class InstancesConfig {
  /** Ports that instances get, `from-to`. */
  @Matches(/^\d{4,5}-\d{4,5}$/, { message: '$property must be a range such as "20000-24999"' }) ports: string = '20000-24999';
  /** How long before an instance's time is over that is told, by an event. */
  @IsNumber() @Min(0) @Max(31_536_000) expiryNoticeSeconds: number = 3600;
}

/** A folder that archives of snapshots are written to and read from: on a machine where orchestrators run. */
export class SnapshotStoreConfig {
  /** Absolute. */
  @Matches(/^\/./, { message: '$property must be an absolute path' }) folder: string;
}

/** What is taken of an archive. */
export class SnapshotLimitsConfig {
  /** Bytes of all its parts together, once they are uncompressed. */
  @IsInt() @Min(1024) contentBytes: number = 1024 ** 4;
}

export class SnapshotsConfig {
  /** By name. */
  @IsObject() stores: Record<string, SnapshotStoreConfig> = {};
  /** Where archives of exports go as well that name no destination, `store` or `store:folder`; nowhere when left out. */
  @MayBeLeftOut() @IsString() destination?: string;
  /** Largest archive that is taken as an upload. */
  @IsInt() @Min(1024) maxUploadBytes: number = 256 * 1024 ** 3;
  @ValidateNested() @Type(() => SnapshotLimitsConfig) limits: SnapshotLimitsConfig = new SnapshotLimitsConfig();
}

/** What an environment has of its own. */
export class EnvironmentConfig {
  /** As `snapshots.destination`, which counts for environments that have none. */
  @MayBeLeftOut() @IsString() destination?: string;
}

/** A handler of recorded events: one file, or a package. */
export class HandlerConfig {
  /** A path (`./handlers/welcome.mjs`, from the root of the clone; absolute after loading) or an npm package. */
  @IsString() @IsNotEmpty() file: string;
  /** Handed to it as they are. */
  @MayBeLeftOut() @IsObject() options?: JsonObject;
  /** How often an event is tried before it is parked. */
  @IsInt() @Min(1) @Max(100) tries: number = 5;
  /** Before the second try; doubles from there on, up to a minute. */
  @IsNumber() @Min(0) @Max(60) backoffSeconds: number = 1;
  /** One try's time limit. */
  @IsNumber() @Min(0.05) @Max(3600) timeoutSeconds: number = 60;
}

/** What JetStream keeps of the recorded events, for subscribers that are away. The oldest go first. */
export class RelayConfig {
  @IsInt() @Min(1024 * 1024) maxBytes: number = 256 * 1024 * 1024;
  /** Copies in a cluster of NATS servers. */
  @IsInt() @Min(1) @Max(5) replicas: number = 1;
}

export class LoggingConfig {
  /** `lines` for people, `json` for programs; `auto`: lines on a terminal, else JSON. */
  @IsIn(['auto', 'lines', 'json']) format: 'auto' | 'lines' | 'json' = 'auto';
  @IsIn(['trace', 'debug', 'info', 'warn', 'error', 'silent']) level: string = 'info';
}

/**
 * The configuration of a mesh: one YAML file per profile in `deploy/<profile>/slipway.yaml`, the same for all services,
 * overridden by the environment variables that the loader lists. Validated at start, frozen.
 */
export class MeshConfig {
  @IsIn(['dev', 'test', 'prod']) profile: 'dev' | 'test' | 'prod' = 'dev';
  /** The mesh's name: first token of its subjects. */
  @IsName() mesh: string = 'dev';
  /** Name of this machine in the names of its replicas; the machine's own when left out. */
  @MayBeLeftOut() @IsName() host?: string;
  /** Absolute after loading. */
  @IsString() dataFolder: string = '.slipway';
  /** `sqlite` (in the data folder) or `kurrentdb://…`. */
  @Matches(/^(sqlite|(kurrentdb|esdb)(\+discover)?:\/\/.+)$/, { message: '$property must be "sqlite" or kurrentdb://host:port' })
  eventLog: string = 'sqlite';
  /** Folder of content packages. Absolute after loading. */
  @IsString() contentFolder: string = 'content';
  @MayBeLeftOut() @IsDefinitionReference() defaultDefinition?: string = 'guestbook';
  /** The locations that this process's sub-provisioners serve. */
  @IsArray() @Matches(NAME, { each: true, message: 'each of $property must be a name such as "local"' }) locations: string[] = [
    'local',
  ];
  @IsObject() guestLocations: Record<string, GuestLocationConfig> = {
    local: { location: 'local', drivers: { storage: 'directory', database: 'sqlite', instance: 'process' } },
  };
  /** Named sets of guest locations; the first of a set is its default. */
  @IsObject() clusters: Record<string, string[]> = { default: ['local'] };
  @ValidateNested() @Type(() => ProvisionersConfig) provisioners: ProvisionersConfig = new ProvisionersConfig();
  @ValidateNested() @Type(() => GatewayConfig) gateway: GatewayConfig = new GatewayConfig();
  @ValidateNested() @Type(() => NatsConfig) nats: NatsConfig = new NatsConfig();
  @ValidateNested() @Type(() => StepsConfig) steps: StepsConfig = new StepsConfig();
  @ValidateNested() @Type(() => LimitsConfig) limits: LimitsConfig = new LimitsConfig();
  @ValidateNested() @Type(() => InstancesConfig) instances: InstancesConfig = new InstancesConfig();
  @ValidateNested() @Type(() => DatabasesConfig) databases: DatabasesConfig = new DatabasesConfig();
  @ValidateNested() @Type(() => StoragesConfig) storages: StoragesConfig = new StoragesConfig();
  @ValidateNested() @Type(() => DockerConfig) docker: DockerConfig = new DockerConfig();
  @ValidateNested() @Type(() => SnapshotsConfig) snapshots: SnapshotsConfig = new SnapshotsConfig();
  /** By name; an environment that has nothing of its own need not stand here. */
  @IsObject() environments: Record<string, EnvironmentConfig> = {};
  /** Handlers of recorded events, by name. */
  @IsObject() handlers: Record<string, HandlerConfig> = {};
  @ValidateNested() @Type(() => RelayConfig) relay: RelayConfig = new RelayConfig();
  @ValidateNested() @Type(() => LoggingConfig) logging: LoggingConfig = new LoggingConfig();
}
