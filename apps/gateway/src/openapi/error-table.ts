import { ERRORS, type ErrorCode } from '@slipway/contracts';
import { statusOf } from '../problem/status.js';

/** A quoted line with a gap to fill in, or a command: both to be typed. */
const TYPED = /"([^"]*<[^"]*)"|(npx slipway [^.;,]+)|</g;

/** Text as Markdown: what is to be typed is code, and no angle bracket is taken for HTML. */
export const inMarkdown = (text: string): string =>
  text.replace(TYPED, (found, quoted?: string, command?: string) => (found === '<' ? '&lt;' : `\`${quoted ?? command}\``));

const rows = Object.entries(ERRORS).map(
  ([code, { title, hint }]) =>
    `| <a id="${code}"></a>\`${code}\` | ${statusOf(code as ErrorCode)} | ${inMarkdown(`${title}. ${hint}`)} |`,
);

/** All codes, folded up: who comes to call is to see what he can call. Each row is the `type` of its problems. */
export const ERROR_TABLE = `<details>
<summary>All error codes</summary>

| code | status | meaning |
| --- | --- | --- |
${rows.join('\n')}

</details>`;

/**
 * Runs in the page: opens the table at the row that the address names. The page is drawn after it was loaded, when the
 * browser has looked for the row in vain, and it puts a slash into the address.
 */
export const SHOW_ROW = `
const showRow = () => {
  const row = document.getElementById(location.hash.replace(/^#\\/?/, ''));
  row?.closest('details')?.setAttribute('open', '');
  row?.scrollIntoView();
  return row;
};
addEventListener('hashchange', showRow);
if (location.hash)
  new MutationObserver((_changes, observer) => showRow() && observer.disconnect()).observe(document.body, { childList: true, subtree: true });
`;
