export type { Command, CommandOptions, CommandResult } from './command.js';
export type { FileStat, Filesystem } from './filesystem.js';
export { apartCommand } from './local/apart/apart-command.js';
export { localCommand } from './local/local-command.js';
export { localFilesystem } from './local/local-filesystem.js';
export { Docker, type DockerObject, type DockerOptions, type Listed } from './docker/docker.js';
export { checkTar } from './tar/check-tar.js';
export { PortableEntries } from './tar/portable-entries.js';
export { TAR_END, tarHeader, tarPadding, type TarEntry } from './tar/tar-header.js';
