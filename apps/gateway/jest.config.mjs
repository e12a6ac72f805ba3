import preset from '../../jest.preset.mjs';

/** Real sockets, files and threads, on machines that others use too: slow is no failure here. */
export default { ...preset, testTimeout: 30_000 };
