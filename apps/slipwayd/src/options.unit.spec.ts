import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';

describe('options of npm start', () => {
  it('have sensible defaults', () => {
    expect(readOptions([], {})).toEqual({ profile: 'dev', sample: true, processes: false, detach: false });
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
    });
  });

  it('are read from the environment, which the command line overrides', () => {
    const env = {
      SLIPWAY_DATA: 'there',
      SLIPWAY_PORT: '7000',
      SLIPWAY_SAMPLE: '0',
      SLIPWAY_PROCESSES: '1',
      SLIPWAY_DETACH: 'yes',
    };
    expect(readOptions([], env)).toEqual({
      data: 'there',
      port: 7000,
      profile: 'dev',
      sample: false,
      processes: true,
      detach: true,
    });
    expect(readOptions(['--port', '7001', '--data=here'], env)).toMatchObject({ data: 'here', port: 7001 });
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
});
