/**
 * The built neighbour of a module: threads run what was built. Sources (which Jest reads) stand in `src/`, what was built
 * from them in `dist/`.
 */
export const builtFile = (module: string, name: string): URL =>
  new URL(name, module.endsWith('.ts') ? module.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : module);
