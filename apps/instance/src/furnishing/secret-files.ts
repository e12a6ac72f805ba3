import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { NAME, SlipwayError, type InstanceSpec, type JsonObject } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import type { SecretRef } from '@slipway/secrets';

/** Random bytes of a secret whose definition does not say. */
const SECRET_BYTES = 32;

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
  for (const [placeholder, ref] of given(inputs)) await write(placeholder, ref);
  return files;
}

/**
 * Makes a new version of each of the instance's own secrets, and writes them and those it is given anew over the files of before:
 * each in one go, and its user's own. Gives the references of its own.
 */
export async function renewSecretFiles(
  { filesystem, secrets }: DriverContext,
  prefix: string,
  spec: InstanceSpec,
  inputs: Record<string, JsonObject>,
  home: string,
  uid: number | null,
): Promise<Record<string, SecretRef>> {
  const refs: Record<string, SecretRef> = {};
  const write = async (name: string, ref: SecretRef) => {
    const path = join(home, 'secrets', name);
    await filesystem.writeFile(path, await secrets.read(ref), { mode: 0o400 });
    if (uid !== null) await filesystem.chown(path, uid, uid);
  };
  for (const [name, { bytes = SECRET_BYTES }] of Object.entries(spec.secrets ?? {})) {
    refs[name] = await secrets.put(`${prefix}/${name}`, randomBytes(bytes).toString('base64url'));
    await write(name, refs[name]);
  }
  for (const [name, ref] of given(inputs)) await write(name, ref);
  return refs;
}

/** The secrets among what it is wired to, by `<requirement>.<output>`. */
const given = (inputs: Record<string, JsonObject>): [string, SecretRef][] =>
  Object.entries(inputs).flatMap(([input, outputs]) =>
    Object.entries(outputs).flatMap(([output, value]): [string, SecretRef][] =>
      typeof value === 'string' && value.startsWith('secret://') ? [[`${input}.${output}`, value as SecretRef]] : [],
    ),
  );
