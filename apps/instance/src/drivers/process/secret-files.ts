import { join } from 'node:path';
import { NAME, SlipwayError, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { SecretRef } from '@slipway/secrets';

/** Secrets as an instance gets them: files of mode 0400. */
export interface SecretFiles {
  /** Of the secrets made with the instance, by name. */
  refs: Record<string, SecretRef>;
  /** What placeholders stand for: `secret.<name>`, and `<requirement>.<output>` where an output is a secret. */
  paths: Record<string, string>;
}

/**
 * Makes the instance's own secrets and writes them, and those it gets from what it is wired to, into `<staging>/secrets`.
 * Paths are said as they will be in `home`.
 */
export async function writeSecretFiles(
  { filesystem, secrets }: DriverContext,
  prefix: string,
  spec: InstanceSpec,
  inputs: Record<string, JsonObject>,
  staging: string,
  home: string,
): Promise<SecretFiles> {
  await filesystem.mkdir(join(staging, 'secrets'), { mode: 0o700 });
  const files: SecretFiles = { refs: {}, paths: {} };
  const write = async (placeholder: string, ref: SecretRef) => {
    const name = placeholder.replace(/^secret\./, '');
    await filesystem.writeFile(join(staging, 'secrets', name), await secrets.read(ref), { mode: 0o400 });
    files.paths[placeholder] = join(home, 'secrets', name);
  };
  for (const [name, { bytes }] of Object.entries(spec.secrets ?? {})) {
    if (!NAME.test(name)) {
      const reason = 'a secret is called by lower-case letters, digits and inner hyphens';
      throw new SlipwayError('spec-invalid', `secrets.${name}: ${reason}`, { field: `secrets.${name}`, reason });
    }
    files.refs[name] = await secrets.ensure(`${prefix}/${name}`, bytes);
    await write(`secret.${name}`, files.refs[name]);
  }
  for (const [input, outputs] of Object.entries(inputs)) {
    for (const [output, value] of Object.entries(outputs)) {
      if (typeof value === 'string' && value.startsWith('secret://')) await write(`${input}.${output}`, value as SecretRef);
    }
  }
  return files;
}
