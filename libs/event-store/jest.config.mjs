import preset from '../../jest.preset.mjs';

/** Real files, processes and disks, on machines that others use too: slow is no failure here. */
export default { ...preset, testTimeout: 120_000 };
