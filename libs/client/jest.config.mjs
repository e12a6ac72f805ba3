import preset from '../../jest.preset.mjs';

// Real sockets that break and are made again, on machines that have other things to do.
export default { ...preset, testTimeout: 30_000 };
