const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML shows it: nothing in it is markup. */
export const escapeHtml = (text) => String(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);

const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

/** The page with all that visitors wrote, newest first, and the form. */
export const entriesPage = ({ greeting, entries, count, visits, visitor }) =>
  page(
    greeting,
    `
    <form method="post" action="/entries">
      <label>Your name <input name="name" required maxlength="60" autocomplete="name"></label>
      <label>A few words <textarea name="message" required maxlength="1000" rows="3"></textarea></label>
      <button>Sign the guestbook</button>
    </form>
    <section aria-label="Entries">
      ${entries.map((entry) => article(entry, visitor)).join('\n') || '<p class="empty">Nobody has signed yet. Be the first.</p>'}
    </section>
    <footer>${counted(count, 'entry', 'entries')}, ${counted(visits, 'visit', 'visits')}</footer>`,
  );

/** The page that says what is wrong, with the way back. */
export const problemPage = (greeting, problem) =>
  page(greeting, `<p class="problem" role="alert">${escapeHtml(problem)}</p><p><a href="/">Back to the guestbook</a></p>`);

const article = ({ name, message, visitor: writer, writtenAt }, visitor) => `
      <article${writer === visitor ? ' class="mine"' : ''}>
        <p>${escapeHtml(message).replaceAll('\n', '<br>')}</p>
        <footer><b>${escapeHtml(name)}</b>${writer === visitor ? ' (you)' : ''} <time datetime="${escapeHtml(writtenAt)}">${escapeHtml(
          writtenAt.slice(0, 16).replace('T', ' '),
        )} UTC</time></footer>
      </article>`;

const page = (greeting, content) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(greeting)}</title>
<style>
  :root { color-scheme: light dark; --ink: #1d2733; --paper: #f4f6f8; --card: #fff; --line: #d5dce3; --accent: #0b6e75; --quiet: #5a6876; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6ebf0; --paper: #12181e; --card: #1b232b; --line: #323e4a; --accent: #59c3ca; --quiet: #96a4b2; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  main { max-width: 38rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
  h1 { margin: 0 0 1.5rem; font-size: 1.9rem; letter-spacing: -0.02em; }
  h1::after { content: ""; display: block; width: 3rem; height: 4px; margin-top: 0.5rem; border-radius: 2px; background: var(--accent); }
  form, article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; }
  form { display: grid; gap: 0.9rem; margin-bottom: 2rem; }
  label { display: grid; gap: 0.3rem; font-size: 0.9rem; color: var(--quiet); }
  input, textarea { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.65rem; resize: vertical; }
  input:focus-visible, textarea:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  button { justify-self: start; font: inherit; font-weight: 600; color: var(--card); background: var(--accent); border: 0; border-radius: 6px; padding: 0.55rem 1.1rem; cursor: pointer; }
  section { display: grid; gap: 0.9rem; }
  article p { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
  article footer, main > footer, .empty { font-size: 0.85rem; color: var(--quiet); }
  article.mine { border-left: 4px solid var(--accent); }
  article time { float: right; }
  main > footer { margin-top: 2rem; text-align: center; }
  .problem { border-left: 4px solid #c0392b; padding-left: 0.9rem; }
  a { color: var(--accent); }
</style>
</head>
<body><main><h1>${escapeHtml(greeting)}</h1>${content}
</main></body>
</html>
`;
