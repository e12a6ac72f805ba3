import type { BlueprintContext } from '../blueprint.js';
import type { OnPlace } from './on-place.js';

/** A place with each change announced before it: one that is reached by other means than the allocator's own `command` and `filesystem`. */
export function announced<Place extends OnPlace>(place: Place, { changing }: Pick<BlueprintContext, 'changing'>): Place {
  const { command, filesystem: files } = place;
  return {
    ...place,
    command: {
      exec: (line, options) => changing(`run ${line[0]}`).then(() => command.exec(line, options)),
      execOrThrow: (line, options) => changing(`run ${line[0]}`).then(() => command.execOrThrow(line, options)),
      spawnDetached: (line, options) => changing(`start ${line[0]}`).then(() => command.spawnDetached(line, options)),
    },
    filesystem: {
      ...files,
      writeFile: (path, ...rest) => changing(`write ${path}`).then(() => files.writeFile(path, ...rest)),
      mkdir: (path, ...rest) => changing(`make ${path}`).then(() => files.mkdir(path, ...rest)),
      rename: (from, to) => changing(`rename ${from}`).then(() => files.rename(from, to)),
      chmod: (path, mode) => changing(`chmod ${path}`).then(() => files.chmod(path, mode)),
      chown: (path, ...rest) => changing(`chown ${path}`).then(() => files.chown(path, ...rest)),
      remove: (path) => changing(`remove ${path}`).then(() => files.remove(path)),
      unpack: (path, ...rest) => changing(`unpack ${path}`).then(() => files.unpack(path, ...rest)),
    },
  };
}
