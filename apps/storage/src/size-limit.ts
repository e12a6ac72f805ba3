import { join } from 'node:path';
import { SlipwayError, sha256, type JsonObject } from '@slipway/contracts';
import type { DriverContext, Fence, GenerationFolder } from '@slipway/provisioner';

/** Beside the marker: what was asked for, and whether the file system sees to it. */
const FILE = 'size-limit.json';

interface SizeLimit {
  bytes: number;
  enforced: boolean;
  /** Why it is not enforced. */
  reason?: string;
  /** Project whose quota enforces it. */
  project?: number;
  mount?: string;
  fileSystem?: string;
}

interface Mount {
  target: string;
  fstype: string;
  options: string;
}

/**
 * Limits what a folder may hold by a project quota (ext4, XFS), and writes down beside it whether that went well. Never a
 * failure: what can't be enforced is reported as not enforced.
 */
export async function limitSize(
  folder: string,
  data: string,
  bytes: number,
  context: DriverContext,
  project = projectOf(data),
): Promise<void> {
  const limit = await enforce(data, bytes, project, context);
  context.log(
    limit.enforced ? `Limited to ${bytes} bytes by project ${limit.project}` : `Not limited to ${bytes} bytes: ${limit.reason}`,
  );
  await context.filesystem.writeFile(join(folder, FILE), JSON.stringify(limit));
}

/** As it is to be observed; `null` when no limit was asked for. */
export async function readLimit(folder: string, context: DriverContext): Promise<JsonObject | null> {
  const limit = await read(folder, context);
  if (!limit) return null;
  const { bytes, enforced, reason } = limit;
  return { bytes, enforced, ...(reason !== undefined && { reason }) };
}

/** Gives the project's quota back, before its folder goes. */
export async function releaseLimit(folder: string, context: DriverContext): Promise<void> {
  const limit = await read(folder, context);
  if (!limit?.enforced) return;
  await context.command.execOrThrow(quotaCommand(limit.fileSystem!, limit.mount!, limit.project!, 0));
}

/**
 * Throws `no-space` where a folder that stands holds more than it is to be limited to. What it holds is summed up only where
 * that is less than before.
 */
export async function assertWithin(
  folder: string,
  data: string,
  bytes: number | undefined,
  context: DriverContext,
): Promise<void> {
  const known = await read(folder, context);
  if (bytes === undefined || (known && known.bytes <= bytes)) return;
  // Files that go away meanwhile are no failure of the sum.
  const { stdout } = await context.command.exec(['du', '--summarize', '--block-size=1', '--', data]);
  const used = Number.parseInt(stdout, 10);
  if (!(used > bytes)) return;
  const message = `It holds ${used} bytes, more than the ${bytes} that it is to be limited to: remove some of its files, or choose a greater limit`;
  throw new SlipwayError('no-space', message, { used, bytes });
}

/** Makes the limit of a folder that stands another one, or none. */
export async function changeLimit(
  folder: GenerationFolder,
  data: string,
  bytes: number | undefined,
  fence: Fence,
  around: DriverContext,
): Promise<void> {
  const context = { ...around, command: fence.command };
  if (bytes === undefined) await releaseLimit(folder.path, context);
  // It keeps its project.
  const known = await read(folder.path, context);
  await folder.renew(
    fence,
    (staging) => (bytes === undefined ? Promise.resolve() : limitSize(staging, data, bytes, context, known?.project)),
    ({ put, take }) => (bytes === undefined ? take(FILE) : put(FILE)),
  );
}

/** Unique enough among the projects of one file system, and the same again for the same folder. */
const projectOf = (data: string): number => (Number.parseInt(sha256(data).slice(0, 8), 16) >>> 1) + 1;

async function enforce(data: string, bytes: number, project: number, context: DriverContext): Promise<SizeLimit> {
  const found = await run(context, ['findmnt', '--json', '--output', 'TARGET,FSTYPE,OPTIONS', '--target', data]);
  const mount = found.ok ? (JSON.parse(found.said) as { filesystems: [Mount] }).filesystems[0] : undefined;
  if (!mount) return { bytes, enforced: false, reason: `the file system could not be told: ${found.said}` };
  const { target, fstype, options } = mount;
  if (!/(^|,)(prjquota|pquota)(,|$)/.test(options)) {
    return { bytes, enforced: false, reason: `${target} (${fstype}) is not mounted with project quotas (prjquota)` };
  }
  const mark = ['chattr', '-R', '-p', `${project}`, '+P', data];
  for (const line of [mark, quotaCommand(fstype, target, project, bytes)]) {
    const done = await run(context, line);
    if (!done.ok) return { bytes, enforced: false, reason: `${line[0]} could not do it: ${done.said}` };
  }
  return { bytes, enforced: true, project, mount: target, fileSystem: fstype };
}

/** Sets a project's hard limit; 0 takes it away. */
const quotaCommand = (fileSystem: string, mount: string, project: number, bytes: number): string[] =>
  fileSystem === 'xfs'
    ? ['xfs_quota', '-x', '-c', `limit -p bhard=${bytes} ${project}`, mount]
    : ['setquota', '-P', `${project}`, '0', `${Math.ceil(bytes / 1024)}`, '0', '0', mount];

async function run({ command }: DriverContext, line: string[]): Promise<{ ok: boolean; said: string }> {
  try {
    const { exitCode, stdout, stderr } = await command.exec(line);
    return exitCode === 0 ? { ok: true, said: stdout } : { ok: false, said: stderr.trim().slice(-300) };
  } catch (error) {
    // That somebody else changes it by now is no reason of the file system's.
    if (error instanceof SlipwayError && error.code === 'generation-old') throw error;
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  }
}

async function read(folder: string, { filesystem }: DriverContext): Promise<SizeLimit | null> {
  const text = await filesystem.readFile(join(folder, FILE));
  return text && (JSON.parse(text.toString('utf8')) as SizeLimit);
}
