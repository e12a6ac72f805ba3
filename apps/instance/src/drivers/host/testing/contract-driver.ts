import { HostDriver } from '../host.driver.js';

/** The driver as the contract suite runs it, here and in child processes; `url` is that of its module, which names the root. */
export const contractDriver = (url = import.meta.url): HostDriver =>
  new HostDriver({ hosts: { local: { root: new URL(url).searchParams.get('root') ?? '/' } } });
