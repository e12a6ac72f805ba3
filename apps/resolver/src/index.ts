import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { HealthReport } from '@slipway/contracts';
import { DownloadCache } from '@slipway/remote-content';
import { startMicroservice, type RunningService, type Runtime, type ServiceDefinition } from '@slipway/mesh';
import { ContentController } from './content/content.controller.js';
import { Content } from './content/content.js';
import { FolderRecord } from './content/folder-record.js';
import { RecordedContent } from './content/recorded-content.js';
import { ContentRecorder } from './content/recorder.js';
import { ContentUploads } from './content/uploads.js';
import { WrittenDefinitions } from './content/written.js';
import { Delegates } from './delegates/delegates.js';
import { openDelegate } from './delegates/open-delegate.js';
import { Environments } from './environment/environments.js';
import { InstanceStandings } from './environment/instance-standings.js';
import { KeptEnvironments } from './environment/kept-environments.js';
import { Planning } from './planning.js';
import { broughtContent } from './repository/brought-content.js';
import { Repository } from './repository/repository.js';
import { ResolverController } from './resolver.controller.js';

export { Environments } from './environment/environments.js';
export { InstanceStandings } from './environment/instance-standings.js';
export { Planning } from './planning.js';

const MAX_REASONS = 20;

/** Definitions in a folder, environments in the log: a plan, or an explanation why not. Appends what becomes of content, nothing else. */
export const service: ServiceDefinition = {
  name: 'resolver',
  async start(runtime: Runtime): Promise<RunningService> {
    const { config, store, blobs, clock, logger, connection, replica, cacheFolder } = runtime;
    const unpacked = join(cacheFolder, 'uploads');
    // What a crash has left of uploads is of no use to anybody.
    await rm(unpacked, { recursive: true, force: true });
    await mkdir(unpacked, { recursive: true });
    const recorded = new RecordedContent(store, blobs);
    const brought = await broughtContent(config.provisioners);
    const repository = new Repository({
      brought,
      folder: config.contentFolder,
      localFolder: config.localContentFolder,
      delegates: Object.keys(config.content.delegates),
      ...{ blobs, clock, logger, recorded, record: new FolderRecord(store, replica) },
    });
    const stopWatching = repository.watch();
    await repository.refresh();
    const { maxUploadBytes, maxUnpackedBytes, cacheBytes, refreshSeconds } = config.content;
    const recorder = new ContentRecorder(store);
    const written = new WrittenDefinitions({ recorder, blobs, repository, folder: unpacked });
    const uploads = new ContentUploads({ recorder, blobs, recorded, repository, folder: unpacked, maxUnpackedBytes });
    // One for all that this machine downloads from others, over restarts.
    const downloads = new DownloadCache({ folder: join(config.dataFolder, 'cache', 'downloads'), maxBytes: cacheBytes });
    const delegates = new Delegates({
      ...{ configured: config.content.delegates, recorder, recorded, blobs, clock, logger, replica, refreshSeconds },
      ...{ folder: unpacked, maxUnpackedBytes },
      open: (delegate) => openDelegate(delegate, { cache: downloads, maxBytes: maxUploadBytes }),
    });
    const stopAsking = delegates.follow();
    const head = await store.head().catch(() => undefined);
    // So that what others have recorded is loaded before the next plan needs it.
    const following = store.subscribe({
      name: 'content',
      ...(head !== undefined && { after: head }),
      filter: { categories: ['content'] },
      events: () => void repository.refresh(),
      failed: (error) => logger.warn({ err: error }, 'Content is not followed any more; it is read when it is asked for'),
    });
    const cache = new KeptEnvironments(join(cacheFolder, 'environments.sqlite'), logger);
    const environments = new Environments({ store, blobs, clock, cache });
    const standings = new InstanceStandings(store, cache);
    // So that the first plan that needs a service does not wait for all that was ever recorded.
    void standings.of('').catch(() => undefined);
    const planMs = config.limits.planSeconds * 1000;
    const locations = Object.keys(config.guestLocations);
    const planning = new Planning(repository, environments, standings, locations, clock, delegates, planMs);

    @Module({
      controllers: [ResolverController, ContentController],
      providers: [
        { provide: Planning, useValue: planning },
        { provide: ContentUploads, useValue: uploads },
        { provide: WrittenDefinitions, useValue: written },
        { provide: Content, useValue: new Content(repository, blobs, delegates) },
      ],
    })
    class ResolverModule {}

    const health = (): HealthReport => ({
      service: 'resolver',
      replica,
      // With some packages refused the others can be planned; with nothing but refused ones, nothing can.
      ready: connection.connected() && (repository.problems.length === 0 || repository.catalogue.all().length > 0),
      reasons: contentReasons([...repository.problems, ...delegates.problems]),
    });
    const microservice = await startMicroservice(runtime, ResolverModule, { health });
    return {
      health: async () => health(),
      async stop() {
        stopWatching();
        await stopAsking();
        await following.stop();
        await microservice.stop();
        environments.keep();
        standings.keep();
        cache.close();
      },
    };
  },
};

/** A report is one message: of very many problems it names the first. */
const contentReasons = (problems: string[]): string[] => [
  ...problems.slice(0, MAX_REASONS).map((problem) => `content: ${problem}`),
  ...(problems.length > MAX_REASONS ? [`content: ${problems.length - MAX_REASONS} more problems; see the log`] : []),
];
