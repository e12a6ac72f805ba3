import type { Command, Filesystem } from '@slipway/interfaces';

/** Called before each effect at the place, with its name; what it throws is what the driver gets instead of the effect. */
export type BeforeEffect = (name: string) => Promise<void>;

const CHANGES = ['writeFile', 'mkdir', 'rename', 'chmod', 'chown', 'remove', 'unpack'] as const;

/** The same interfaces, with a hook before everything that may change the place. What only reads passes. */
export function withEffects<T extends { command: Command; filesystem: Filesystem }>(place: T, before: BeforeEffect): T {
  const filesystem = { ...place.filesystem };
  for (const name of CHANGES) {
    const effect = place.filesystem[name] as (...args: unknown[]) => Promise<void>;
    filesystem[name] = async (...args: unknown[]) => {
      await before(`${name} ${String(args[0])}`);
      return effect(...args);
    };
  }
  const { command } = place;
  return {
    ...place,
    filesystem,
    command: {
      async exec(line, options) {
        await before(`exec ${line[0]}`);
        return command.exec(line, options);
      },
      async execOrThrow(line, options) {
        await before(`exec ${line[0]}`);
        return command.execOrThrow(line, options);
      },
      async spawnDetached(line, options) {
        await before(`spawn ${line[0]}`);
        return command.spawnDetached(line, options);
      },
    },
  };
}
