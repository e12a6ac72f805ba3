import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
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
  IsBlueprintName,
  DELEGATE_KINDS,
  IsDefinitionReference,
  IsName,
  IsOwnerId,
  IsResourceUri,
  MayBeLeftOut,
  NAME,
  OWNER_TYPES,
  Offering,
  type DelegateKind,
  type JsonObject,
  type OwnerType,
  type ResourceKind,
} from '@slipway/contracts';

/** As it stands in an address: a name, an IPv4 address, or an IPv6 address in brackets. */
const PRIVATE_HOST = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])$/;
const DELEGATE_HOST = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/;
const IS_HOST = 'each of $property must be a host such as "cdn.example" or "cdn.example:8443"';

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
  /** Drivers by kind: one, or several of which the first is taken where a definition names none. Of each kind, unless it is over SSH. */
  @IsObject() drivers: Partial<Record<ResourceKind, string | string[]>>;
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
  /** Longest that a plan is made; it is given up then (`undecided`). In one process all services wait meanwhile. */
  @IsNumber() @Min(0.1) @Max(20) planSeconds: number = 2;
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

/** A host that is there, and takes packages and programs: what the driver "host" finds. */
export class HostConfig {
  /** Its root folder: `/` for this machine itself, or one below which another Debian stands. Absolute. */
  @Matches(/^\/(?!.*(^|\/)\.{1,2}(\/|$))[^\0]*$/, { message: '$property must be an absolute path without ".."' }) root: string;
}

export class InstancesConfig {
  /** Ports that instances get, `from-to`. */
  @Matches(/^\d{4,5}-\d{4,5}$/, { message: '$property must be a range such as "20000-24999"' }) ports: string = '20000-24999';
  /** How long before an instance's time is over that is told, by an event. */
  @IsNumber() @Min(0) @Max(31_536_000) expiryNoticeSeconds: number = 3600;
  /** By location: hosts that definitions may change, by the drivers `host` and `apt`. None when left out. */
  @IsObject() hosts: Record<string, HostConfig> = {};
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

/** Another repository that is delegated to. */
export class DelegateConfig {
  @IsIn(DELEGATE_KINDS) kind: DelegateKind;
  /** Of a Slipway its address, of an index that of its file, of a registry or a Maven layout that of its root. */
  @MayBeLeftOut()
  @Matches(/^https?:\/\/[^@\s?#]+$/, {
    message: '$property must be https://… or http://…, without a name, a password or a query',
  })
  url?: string;
  /** Of a Maven layout on this machine, instead of `url`. */
  @MayBeLeftOut() @Matches(/^\/./, { message: '$property must be an absolute path' }) folder?: string;
  /** Type of the target that what it has goes into; of npm `process` when left out, and only what cannot be run. */
  @MayBeLeftOut() @IsName() target?: string;
  /**
   * What of it is taken: names of content packages, `org.example.*` for all that begin so, all when left out. Of npm and Maven it must be
   * said: `verdaccio`, `@acme/tool@^1.2`; `org.example:shop`, `org.example:shop:^1.2@war`.
   */
  @MayBeLeftOut() @IsArray() @IsString({ each: true }) @MaxLength(256, { each: true }) packages?: string[];
  /** Most that is taken of it in all, in bytes; 10 GiB when left out. */
  @MayBeLeftOut() @IsInt() @Min(1024) maxBytes?: number;
  /** Further hosts that it may link and redirect to: `cdn.example`, `cdn.example:8443`. */
  @MayBeLeftOut() @IsArray() @Matches(DELEGATE_HOST, { each: true, message: IS_HOST }) hosts?: string[];
  /** Hosts, of these and of `url`, that may have addresses of this machine or of private networks. */
  @MayBeLeftOut()
  @IsArray()
  @Matches(PRIVATE_HOST, { each: true, message: 'each of $property must be a host without a port, such as "slipway.internal"' })
  privateHosts?: string[];
  /** CA (PEM) that its certificate must come from; the system's when left out. */
  @MayBeLeftOut() @IsString() caFile?: string;
  /** File with a key or token for it, mode 0600. Sent to `url` only. */
  @MayBeLeftOut() @IsString() tokenFile?: string;
}

export class ContentConfig {
  /** Largest content package that is taken as an upload, in bytes. */
  @IsInt() @Min(1024) maxUploadBytes: number = 256 * 1024 ** 2;
  /** Most that one may hold once it is unpacked, in bytes. */
  @IsInt() @Min(1024) maxUnpackedBytes: number = 1024 ** 3;
  /** Other repositories, by name, in the order in which they count; all that stands in layers counts before them. */
  @IsObject() delegates: Record<string, DelegateConfig> = {};
  /** How often they are asked what they have. */
  @IsNumber() @Min(1) @Max(86_400) refreshSeconds: number = 300;
  /** Most that is kept of what was downloaded from them, in bytes. */
  @IsInt() @Min(1024) cacheBytes: number = 10 * 1024 ** 3;
}

/** What `slipway drift` does not count. */
export class DriftConfig {
  /** A field (`mode`), a key (`storage/shop-data`), or both (`storage/*:owner`); `*` stands for any text. */
  @IsArray()
  @ArrayMaxSize(100)
  @Matches(/^[A-Za-z0-9_.*/:-]{1,200}$/, {
    each: true,
    message: 'each of $property must be a field, a key, or key:field, such as "storage/*:owner"',
  })
  ignore: string[] = [];
}

/** Programs change the schema of their database, and a storage is handed over to whoever uses it. */
const usersOwn = (): DriftConfig => Object.assign(new DriftConfig(), { ignore: ['database/*:schema', 'storage/*:owner'] });

/** What an environment has of its own. */
export class EnvironmentConfig {
  /** In addition to what `drift` says for all of them. */
  @MayBeLeftOut() @ValidateNested() @Type(() => DriftConfig) drift?: DriftConfig;
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

/** What holds of a blueprint unless it is changed while it runs; what is left out the blueprint decides. */
export class BlueprintLimitsConfig {
  /** Most resources of it that the allocator makes; 0: none. */
  @MayBeLeftOut() @IsInt() @Min(0) @Max(1_000_000_000) resources?: number;
  /** Resources without a lease that are kept ready. */
  @MayBeLeftOut() @IsInt() @Min(0) @Max(1_000_000_000) warm?: number;
  /** How long a further one without a lease stays. */
  @MayBeLeftOut() @IsInt() @Min(0) @Max(1_000_000_000) idleSeconds?: number;
  /** Longest that a lease may last in all; 0: as long as it is wanted. */
  @MayBeLeftOut() @IsInt() @Min(0) @Max(1_000_000_000) leaseSeconds?: number;
}

/** Who may approve who uses a blueprint, beside operators. */
export class BlueprintOwnerConfig {
  @IsOwnerId() id: string;
  @IsIn(OWNER_TYPES) type: OwnerType;
}

/** A blueprint: how resources of one type are made and leased at one place. */
export class BlueprintConfig {
  /** A path (`./blueprints/my.mjs`, from the root of the clone; absolute after loading); one that comes with Slipway when left out. */
  @MayBeLeftOut() @IsString() @IsNotEmpty() file?: string;
  /** Which of those that come with Slipway; the one with its own name when left out. */
  @MayBeLeftOut() @IsBlueprintName() kind?: string;
  @IsName() location: string = 'local';
  /** How much of one resource can be leased at once. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(1_000_000_000) capacity?: number;
  @MayBeLeftOut() @IsIn(['spread', 'pack']) placing?: 'spread' | 'pack';
  @MayBeLeftOut() @ValidateNested() @Type(() => BlueprintLimitsConfig) limits?: BlueprintLimitsConfig;
  @MayBeLeftOut() @ValidateNested() @Type(() => BlueprintOwnerConfig) owner?: BlueprintOwnerConfig;
  /** Handed to it as they are. */
  @MayBeLeftOut() @IsObject() options?: JsonObject;
}

/** An interface on leased resources that users add: one file. */
export class InterfaceConfig {
  /** A path (`./interfaces/my.mjs`, from the root of the clone; absolute after loading). */
  @IsString() @IsNotEmpty() file: string;
}

const ADDRESS = /^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$/;
const IS_ADDRESS = 'must be a name or an IP address';

/** A host that is reached over SSH, and as whom. */
export class SshConfig {
  @Matches(ADDRESS, { message: `$property ${IS_ADDRESS}` }) address: string;
  /** 22 when left out. */
  @MayBeLeftOut() @IsInt() @Min(1) @Max(65_535) port?: number;
  @Matches(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, { message: '$property must be the name of a user there' }) user: string;
  /** Of the private key, at the machine that serves the location: readable by nobody else. Absolute. */
  @Matches(/^\/[^\0]+$/, { message: '$property must be an absolute path' }) keyFile: string;
  /** `ssh-ed25519 SHA256:…`, as `ssh-keygen -l` prints it; that of the first contact is pinned when left out. */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9@.-]+ SHA256:[A-Za-z0-9+/]{43}$/, {
    message: '$property must be a type and a fingerprint: ssh-ed25519 SHA256:…',
  })
  hostKey?: string;
}

/** A location at another machine. */
export class RemoteLocationConfig {
  @IsObject() @ValidateNested() @Type(() => SshConfig) ssh: SshConfig;
  /** Folder there, below which everything stands; `/var/lib/slipway` when left out. Two meshes need two. */
  @MayBeLeftOut()
  @Matches(/^\/(?!.*(^|\/)\.{1,2}(\/|$))[^\0]*[^\0/]$/, { message: '$property must be an absolute path without ".."' })
  folder?: string;
  /** By which others reach what listens there; that of `ssh` when left out. */
  @MayBeLeftOut() @Matches(ADDRESS, { message: `$property ${IS_ADDRESS}` }) address?: string;
  /** Of Node there; the `node` of the host's usual folders of programs when left out. Absolute. */
  @MayBeLeftOut() @Matches(/^\/[^\0]+$/, { message: '$property must be an absolute path' }) node?: string;
  /** Socket of the Docker engine there, `unix:///…`; what the `docker` client there takes by itself when left out. */
  @MayBeLeftOut()
  @Matches(/^unix:\/\/\/\S+$/, { message: '$property must be a socket of that host, such as unix:///var/run/docker.sock' })
  docker?: string;
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
  /** Folder of content packages of this machine's own, which override those of `contentFolder`; need not be there. */
  @IsString() localContentFolder: string = '/etc/slipway/content';
  @MayBeLeftOut() @IsDefinitionReference() defaultDefinition?: string = 'guestbook';
  /** The locations that this process's sub-provisioners serve. */
  @IsArray() @Matches(NAME, { each: true, message: 'each of $property must be a name such as "local"' }) locations: string[] = [
    'local',
  ];
  /** Which of them are at other machines, and how they are reached; the others are at this one. */
  @IsObject() hosts: Record<string, RemoteLocationConfig> = {};
  @IsObject() guestLocations: Record<string, GuestLocationConfig> = {
    local: { location: 'local', drivers: { storage: 'directory', database: 'sqlite', instance: ['process', 'artefact'] } },
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
  @ValidateNested() @Type(() => ContentConfig) content: ContentConfig = new ContentConfig();
  @ValidateNested() @Type(() => DriftConfig) drift: DriftConfig = usersOwn();
  /** By name; an environment that has nothing of its own need not stand here. */
  @IsObject() environments: Record<string, EnvironmentConfig> = {};
  /** Handlers of recorded events, by name. */
  @IsObject() handlers: Record<string, HandlerConfig> = {};
  /** Blueprints by name, in the order in which they are tried. */
  @IsObject() blueprints: Record<string, BlueprintConfig> = { LocalHost: new BlueprintConfig() };
  /** Interfaces beside those that come with Slipway, by name. */
  @IsObject() interfaces: Record<string, InterfaceConfig> = {};
  @ValidateNested() @Type(() => RelayConfig) relay: RelayConfig = new RelayConfig();
  @ValidateNested() @Type(() => LoggingConfig) logging: LoggingConfig = new LoggingConfig();
}
