import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the app answers; throws when it does not. */
export function ask<Answer>(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text) as Answer) : reject(new Error(text))));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** Waits until something holds, at most a minute. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  const asked = async () => holds();
  while (!(await asked().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`It did not become true within a minute: ${what}`);
    await sleep(50);
  }
}
