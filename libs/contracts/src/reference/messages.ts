import { MESSAGES } from '../messages.js';

const code = (word: string | undefined): string => (word === undefined ? 'none' : `\`${word}\``);
const names = (services: readonly string[]): string => services.join(', ') || 'whoever subscribes';

/** The table of what services are asked, in docs/reference/messages.md. */
export const askedRows = (): string[] =>
  MESSAGES.asked.map(
    ({ verb, description, body, answer, senders, handlers }) =>
      `| ${code(verb)} | ${description} | ${code(body)} | ${code(answer)} | ${names(senders)} | ${names(handlers)} |`,
  );

/** The table of what is published, in the same page. */
export const toldRows = (): string[] =>
  MESSAGES.told.map(
    ({ subject, description, body, senders, handlers }) =>
      `| ${code(subject)} | ${description} | ${code(body)} | ${names(senders)} | ${names(handlers)} |`,
  );
