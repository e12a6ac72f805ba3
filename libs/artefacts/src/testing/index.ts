export { bundleHeaders, jarOf } from './jar.js';
export { zipOf } from './zip.js';
