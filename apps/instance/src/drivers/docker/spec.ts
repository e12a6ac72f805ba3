import { CONTAINER_PATH, type ContainerSpec, type InstanceSpec, type SpecBounds } from '@slipway/contracts';
import { assertWithin } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';

/** What this driver takes: a container. */
export type DockerSpec = InstanceSpec & { container: ContainerSpec };

const PACE = 'the engine starts a container again at its own pace, after 0.1 s and then ever later, up to a minute';

/** What is missing where there is no container, and what only another driver has. */
export const BOUNDS: SpecBounds = {
  needs: [{ field: 'container', reason: 'the driver "docker" needs an image, build or import' }],
  lacks: [
    { field: 'npm', reason: 'the driver "docker" installs no packages; bring them in the image' },
    { field: 'apt', reason: 'the driver "docker" installs no packages; bring them in the image' },
    { field: 'host', reason: 'the driver "docker" runs a container; what a host has to be is for the driver "host"' },
    { field: 'targetFolders', reason: 'the driver "docker" has no folder that artefacts are brought to; "process" has one' },
    { field: 'onFailure.backoffSeconds', reason: PACE },
    { field: 'onFailure.longestBackoffSeconds', reason: PACE },
  ],
};

/** Throws `spec-invalid` that names what lies outside of {@link BOUNDS}, and what contradicts itself. */
export function assertDocker(spec: InstanceSpec): asserts spec is DockerSpec {
  assertWithin({ bounds: BOUNDS }, spec);
  const container = spec.container!;
  const images = (['image', 'build', 'import'] as const).filter((field) => container[field] !== undefined);
  if (images.length !== 1) throw specInvalid('container', 'exactly one of image, build and import says what runs');
  if (images[0] !== 'image' && spec.artefactBlob === undefined) {
    throw specInvalid(`container.${images[0]}`, 'needs an artefact');
  }
  if (container.import && spec.command === undefined) {
    throw specInvalid('command', 'an imported root file system says no program to run');
  }
  if (container.import && spec.files !== undefined) throw specInvalid('files', 'an imported root file system holds its own');
  for (const [name, path] of Object.entries(container.mounts ?? {})) {
    if (!CONTAINER_PATH.test(path)) throw specInvalid(`container.mounts.${name}`, 'must be an absolute path such as "/data"');
  }
}
