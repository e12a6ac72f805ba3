import { describe, expect, test } from '@jest/globals';
import { publishing } from './publishing.js';

describe('the port of a container', () => {
  const ports = { port: 20_017, containerPort: 80 };

  test.each([
    [undefined, ['127.0.0.1:20017:80']],
    ['localhost', ['127.0.0.1:20017:80']],
    ['127.0.0.1', ['127.0.0.1:20017:80']],
    ['far.example', ['0.0.0.0:20017:80']],
    ['192.0.2.7', ['0.0.0.0:20017:80']],
    ['2001:db8::7', ['0.0.0.0:20017:80', '[::]:20017:80']],
  ])('is published where those are who reach it by %s', (address, on) => {
    const args = publishing({ ...ports, ...(address !== undefined && { address }) });
    expect(args).toEqual(on.flatMap((each) => ['--publish', each]));
  });
});
