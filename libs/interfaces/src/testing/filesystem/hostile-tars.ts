import { Readable } from 'node:stream';
import { pack, type Header } from 'tar-stream';

/** An entry of an archive, whatever it says of itself. */
type TarEntry = Partial<Header> & Pick<Header, 'name'> & { content?: string };

/** A tar stream of these entries, as they are: hostile ones too. */
export function tarOf(...entries: TarEntry[]): Readable {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return Readable.from(archive as AsyncIterable<Buffer>);
}

/** Archives that are refused, by what is wrong with them. */
export const HOSTILE: [string, TarEntry[]][] = [
  ['an absolute name', [{ name: '/tmp/slipway-evil', content: 'x' }]],
  ['a name with ..', [{ name: 'a/../../evil', content: 'x' }]],
  ['a link that leads out', [{ name: 'l', type: 'symlink', linkname: '../evil' }]],
  ['a link to an absolute name', [{ name: 'l', type: 'symlink', linkname: '/etc' }]],
  [
    'a file through a link',
    [
      { name: 'l', type: 'symlink', linkname: '.' },
      { name: 'l/x', content: 'x' },
    ],
  ],
  [
    'a chain of links that leads out',
    [
      { name: 'a/b/file', content: 'x' },
      { name: 'a/b/up', type: 'symlink', linkname: '../..' },
      { name: 'out', type: 'symlink', linkname: 'a/b/up/..' },
    ],
  ],
  ['a link that leads nowhere', [{ name: 'l', type: 'symlink', linkname: 'nothing' }]],
  ['a hard link to something outside', [{ name: 'l', type: 'link', linkname: '../outside' }]],
  ['a hard link to what is not in the archive', [{ name: 'l', type: 'link', linkname: 'there' }]],
  ['a device', [{ name: 'd', type: 'character-device', devmajor: 1, devminor: 3 }]],
  ['a pipe', [{ name: 'p', type: 'fifo' }]],
  [
    'a name that comes twice',
    [
      { name: 'a', content: '1' },
      { name: './a', content: '2' },
    ],
  ],
  [
    'a file below a file',
    [
      { name: 'a', content: '1' },
      { name: 'a/b', content: '2' },
    ],
  ],
];

/** Data that are refused: what is to be unpacked everywhere has to keep more rules. */
export const HOSTILE_DATA: [string, TarEntry[]][] = [
  ...HOSTILE.filter(([what]) => what !== 'a link that leads nowhere'),
  [
    'a hard link',
    [
      { name: 'a', content: 'x' },
      { name: 'b', type: 'link', linkname: 'a' },
    ],
  ],
  [
    'names that differ only in case',
    [
      { name: 'a/File', content: '1' },
      { name: 'a/file', content: '2' },
    ],
  ],
  [
    'folders that differ only in case',
    [
      { name: 'dir/one', content: '1' },
      { name: 'DIR/two', content: '2' },
    ],
  ],
  [
    'names that differ only in their Unicode form',
    [
      { name: 'e\u0301', content: '1' },
      { name: '\u00e9', content: '2' },
    ],
  ],
  [
    'a folder that comes twice',
    [
      { name: 'd', type: 'directory' },
      { name: 'd/', type: 'directory' },
    ],
  ],
  [
    'a link whose target goes up after it has gone down',
    [
      { name: 'a/b/file', content: 'x' },
      { name: 'l', type: 'symlink', linkname: 'a/b/../../..' },
    ],
  ],
  ['a link to nothing', [{ name: 'l', type: 'symlink', linkname: '' }]],
  ['folders without end', [{ name: `${'a/'.repeat(1_000)}f`, content: 'x' }]],
  ['a part of a name that is too long', [{ name: 'n'.repeat(300), content: 'x' }]],
  ['a file as its top', [{ name: './', type: 'file', content: 'x' }]],
];
