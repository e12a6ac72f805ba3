import { importNodeImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from '@slipway/interfaces/testing';

/** Why there is no engine here; `undefined` when there is one. */
export const missing = whyNoDockerEngine() ?? (process.getuid?.() === 0 ? undefined : 'only root reaches the folders of volumes');

/** An engine with an image that runs Node. */
export class VolumeEngine {
  private constructor(
    private readonly engine: TestEngine,
    readonly image: string,
  ) {}

  static async start(): Promise<VolumeEngine> {
    const engine = await startDockerEngine();
    return new VolumeEngine(engine, importNodeImage(engine.host));
  }

  get host(): string {
    return this.engine.host;
  }

  docker(...args: string[]): string {
    return this.engine.docker(...args);
  }

  /** What a script prints in a container that has the volume at `/data`. */
  inside(volume: unknown, script: string): string {
    return this.docker(
      'run',
      '--rm',
      '--network=none',
      `--volume=${String(volume)}:/data`,
      this.image,
      '/bin/node',
      '-p',
      script,
    );
  }

  stop(): Promise<void> {
    return this.engine.stop();
  }
}
