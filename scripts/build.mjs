/** `npm run build` */
import { build, installPackages } from './bootstrap.mjs';

installPackages();
build();
