import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../options.mjs';

describe('options of npm start', () => {
  it('have sensible defaults', () => {
    expect(readOptions([], {})).toEqual({ profile: 'dev', sample: true, processes: false, detach: false, yes: false });
  });

  it('are read from the command line', () => {
    expect(
      readOptions(['--data', 'here', '--port=8000', '--no-sample', '--processes', '--detach', '--yes', '--profile', 'test'], {}),
    ).toEqual({
      data: 'here',
      port: 8000,
      profile: 'test',
      sample: false,
      processes: true,
      detach: true,
      yes: true,
    });
  });

  it('are read from the environment, which the command line overrides', () => {
    const env = {
      SLIPWAY_DATA: 'there',
      SLIPWAY_PORT: '7000',
      SLIPWAY_SAMPLE: '0',
      SLIPWAY_PROCESSES: '1',
      SLIPWAY_DETACH: 'yes',
      SLIPWAY_YES: 'on',
    };
    expect(readOptions([], env)).toEqual({
      data: 'there',
      port: 7000,
      profile: 'dev',
      sample: false,
      processes: true,
      detach: true,
      yes: true,
    });
    expect(readOptions(['--port', '7001', '--data=here'], env)).toMatchObject({ data: 'here', port: 7001 });
    expect(readOptions(['--detach'], { SLIPWAY_DETACH: 'off' })).toMatchObject({ detach: true });
  });

  it.each([
    ['SLIPWAY_SAMPLE', 'sample', true],
    ['SLIPWAY_PROCESSES', 'processes', false],
    ['SLIPWAY_DETACH', 'detach', false],
    ['SLIPWAY_YES', 'yes', false],
  ] as const)('%s takes the usual words for on and off, and refuses every other', (name, option, otherwise) => {
    for (const word of ['1', 'true', 'yes', 'on', 'Yes', 'ON']) expect(readOptions([], { [name]: word })[option]).toBe(true);
    for (const word of ['0', 'false', 'no', 'off', 'False']) expect(readOptions([], { [name]: word })[option]).toBe(false);
    expect(readOptions([], { [name]: '' })[option]).toBe(otherwise);
    for (const word of ['maybe', '2', ' '])
      expect(() => readOptions([], { [name]: word })).toThrow(
        `${name} must be one of 1, true, yes, on, or one of 0, false, no, off, not "${word}".`,
      );
  });

  it.each([
    [['--port', 'http'], '--port must be a number from 0 to 65535, not "http".'],
    [['--port', '70000'], '--port must be a number from 0 to 65535'],
    [['--data='], '--data must name a folder'],
    [['--sampel'], '--sampel'],
    [['extra'], 'extra'],
  ])('%j is refused with its reason', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });

  it('of the environment are refused by the name of their variable', () => {
    expect(() => readOptions([], { SLIPWAY_PORT: 'http' })).toThrow('SLIPWAY_PORT must be a number from 0 to 65535, not "http".');
  });
});
