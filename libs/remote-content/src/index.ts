export { DownloadCache, type Download, type DownloadCacheOptions, type Wanted } from './cache/download-cache.js';
export { RemoteAway, RemoteRefused } from './failures.js';
export { httpIndexRepository, type HttpIndexOptions } from './http-index/http-index.js';
export { Fetcher, type FetcherOptions, type Waits } from './net/fetcher.js';
export { localLayout, remoteLayout, type Layout } from './maven/layout.js';
export { mavenRepository, type MavenOptions } from './maven/maven.js';
export { npmRepository, type NpmOptions } from './npm/npm.js';
export type { PackageBytes, RemoteContent, RemotePackage, RemoteRepository } from './remote-repository.js';
export { slipwayRepository, type SlipwayOptions } from './slipway/slipway.js';
