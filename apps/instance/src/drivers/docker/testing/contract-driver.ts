import { DockerDriver } from '../docker.driver.js';

/** The driver as the contract suite runs it in child processes: the engine stands in the module's address. */
export const contractDriver = (address = import.meta.url): DockerDriver =>
  new DockerDriver({
    mesh: 'contract',
    docker: { host: new URL(address).searchParams.get('host')! },
    ports: { from: 31_000, to: 31_399 },
  });
