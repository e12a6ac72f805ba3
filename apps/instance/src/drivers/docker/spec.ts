import { CONTAINER_PATH, type ContainerSpec, type InstanceSpec } from '@slipway/contracts';
import { specInvalid } from '../process/placeholders.js';

/** What this driver takes: a container. */
export type DockerSpec = InstanceSpec & { container: ContainerSpec };

/** Throws `spec-invalid` that names what is missing, what contradicts itself, and what only another driver has. */
export function assertDocker(spec: InstanceSpec): asserts spec is DockerSpec {
  const { container } = spec;
  if (container === undefined) throw specInvalid('container', 'the driver "docker" needs an image, build or import');
  const images = (['image', 'build', 'import'] as const).filter((field) => container[field] !== undefined);
  if (images.length !== 1) throw specInvalid('container', 'exactly one of image, build and import says what runs');
  if (images[0] !== 'image' && spec.artefactBlob === undefined) {
    throw specInvalid(`container.${images[0]}`, 'needs an artefact');
  }
  if (container.import && spec.command === undefined) {
    throw specInvalid('command', 'an imported root file system says no program to run');
  }
  if (spec.npm !== undefined) throw specInvalid('npm', 'the driver "docker" installs no packages; bring them in the image');
  if (container.import && spec.files !== undefined) throw specInvalid('files', 'an imported root file system holds its own');
  for (const field of ['backoffSeconds', 'longestBackoffSeconds'] as const) {
    if (spec.onFailure?.[field] === undefined) continue;
    throw specInvalid(
      `onFailure.${field}`,
      'the engine starts a container again at its own pace, after 0.1 s and then ever later, up to a minute',
    );
  }
  for (const [name, path] of Object.entries(container.mounts ?? {})) {
    if (!CONTAINER_PATH.test(path)) throw specInvalid(`container.mounts.${name}`, 'must be an absolute path such as "/data"');
  }
}
