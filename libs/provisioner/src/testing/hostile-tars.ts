import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pack, type Header } from 'tar-stream';

type Entry = Partial<Header> & Pick<Header, 'name'> & { content?: string };

const HOSTILE: Record<string, Entry[]> = {
  'a name with ..': [{ name: 'a/../../evil', content: 'x' }],
  'an absolute name': [{ name: '/tmp/slipway-evil', content: 'x' }],
  'a link that leads out': [{ name: 'l', type: 'symlink', linkname: '../evil' }],
  'a link to an absolute name': [{ name: 'l', type: 'symlink', linkname: '/etc' }],
  'a hard link': [
    { name: 'a', content: 'x' },
    { name: 'b', type: 'link', linkname: 'a' },
  ],
  'a device': [{ name: 'd', type: 'character-device', devmajor: 1, devminor: 3 }],
  'a file below a link': [
    { name: 'l', type: 'symlink', linkname: '.' },
    { name: 'l/x', content: 'x' },
  ],
  'names that differ only in case': [
    { name: 'File', content: '1' },
    { name: 'file', content: '2' },
  ],
  'a name that comes twice': [
    { name: 'a', content: '1' },
    { name: './a', content: '2' },
  ],
};

/** Tar archives that nobody may take for data, by what is wrong with them; each begins with something harmless. */
export async function hostileTars(): Promise<Map<string, Buffer>> {
  const made = new Map<string, Buffer>();
  for (const [what, entries] of Object.entries(HOSTILE)) {
    const archive = pack();
    for (const { content, ...header } of [{ name: 'harmless', content: 'x' }, ...entries]) archive.entry(header, content ?? '');
    archive.finalize();
    made.set(what, await buffer(Readable.from(archive as AsyncIterable<Buffer>)));
  }
  made.set('no tar at all', Buffer.alloc(2_048, 'x'));
  return made;
}
