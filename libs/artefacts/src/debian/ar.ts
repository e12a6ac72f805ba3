import { bytesAt, sizeOf, type Content } from '../content.js';
import { refused, shown } from '../refusal.js';

/** A member of an ar archive: where its content begins, and before where it ends. */
export interface Member {
  name: string;
  start: number;
  end: number;
}

const MAGIC = '!<arch>\n';
const HEADER = 60;
/** A Debian package has three, and some more whose names begin with an underscore. */
const MOST_MEMBERS = 32;

/** The members of an ar archive, as ar(5) and deb(5) have it. Throws `bad-input` for what is none, or breaks off. */
export async function membersOf(content: Content): Promise<Member[]> {
  const size = await sizeOf(content);
  if ((await bytesAt(content, 0, MAGIC.length)).toString('latin1') !== MAGIC) throw refused('the archive', 'it is no ar archive');
  const members: Member[] = [];
  for (let at = MAGIC.length; at < size;) {
    if (members.length === MOST_MEMBERS) throw refused('the archive', `it has more than ${MOST_MEMBERS} members`);
    const member = memberAt(at, await bytesAt(content, at, HEADER));
    if (member.end > size) throw refused(shown(member.name), 'it breaks off');
    members.push(member);
    at = member.end + (member.end % 2);
  }
  return members;
}

function memberAt(at: number, header: Buffer): Member {
  const text = header.toString('latin1');
  const size = /^\d+ *$/.test(text.slice(48, 58)) ? Number(text.slice(48, 58)) : -1;
  if (text.slice(58) !== '`\n' || size < 0) throw refused('the archive', `at byte ${at}: there is no header of a member`);
  const start = at + HEADER;
  return { name: text.slice(0, 16).trimEnd().replace(/\/$/, ''), start, end: start + size };
}
