/**
 * Packs the client so that it stands alone: `npm run pack --workspace @slipway/client -- [folder]` (after a build) writes
 * `slipway-client-<version>.tgz` into the folder. In it is what `index.js` and `index.d.ts` reach, of the client and of the
 * contracts, each import by its relative path: no dependency, nothing to bundle, loadable by a browser as it is.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const client = dirname(fileURLToPath(import.meta.url));
const libs = dirname(client);
/** What the client may import by name, and where that is built. */
const BUILT = { '@slipway/contracts/public': join(libs, 'contracts/dist/public.js') };
const IMPORT = /((?<=[\s})]|^)from\s*|(?<=[\s;(=]|^)import\s*\(?\s*)(['"])([^'"\n]+)\2/gm;

/** `<lib>/dist/<file>` → `dist/<lib>/<file>`: where a built file stands in the package. */
const placeOf = (file) => {
  const [lib, , ...rest] = relative(libs, file).split(sep);
  return join('dist', lib, ...rest);
};

/** The built file that an import in another one means; of declarations the declaration. */
function meant(specifier, from) {
  const file = specifier.startsWith('.') ? resolve(dirname(from), specifier) : BUILT[specifier];
  if (!file) throw new Error(`${relative(libs, from)} imports ${specifier}, which a packed client does not have.`);
  return from.endsWith('.d.ts') ? file.replace(/\.js$/, '.d.ts') : file;
}

/** Copies a built file and all that it imports, with imports that hold where it stands now. */
function copy(file, stage, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const reached = [];
  const text = readFileSync(file, 'utf8').replace(IMPORT, (_all, before, quote, specifier) => {
    const other = meant(specifier, file);
    reached.push(other);
    const path = relative(dirname(placeOf(file)), placeOf(other))
      .replaceAll(sep, '/')
      .replace(/\.d\.ts$/, '.js');
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
  });
  const to = join(stage, placeOf(file));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
  for (const other of reached) copy(other, stage, copied);
}

/** npm runs this in the client's folder, and says where it was called. */
const folder = resolve(process.env.INIT_CWD ?? '.', process.argv[2] ?? '.');
const stage = mkdtempSync(join(tmpdir(), 'slipway-client-'));
try {
  for (const entry of ['index.js', 'index.d.ts']) copy(join(client, 'dist', entry), stage);
  cpSync(join(client, 'README.md'), join(stage, 'README.md'));
  const { name, version, description, license, type, engines } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  const exports = { '.': { types: './dist/client/index.d.ts', default: './dist/client/index.js' } };
  const packed = { name, version, description, license, type, engines, sideEffects: false, exports };
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
  const { status } = spawnSync('npm', ['pack', stage, '--pack-destination', folder, '--silent'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(stage, { recursive: true });
}
