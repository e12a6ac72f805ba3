import { styleText } from 'node:util';
import { printable } from './printable.js';

const STYLES: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  '+': 'green',
  '^': 'green',
  '~': 'yellow',
  '-': 'red',
  '.': 'red',
  '*': 'magenta',
  '=': 'dim',
};

/** A line that begins with a sign, behind the lines and the label of a tree. */
const SIGNED = /^([│├└─ ]*(?:[\w.-]+: )?)([-+~^.*=]) (.*)$/;

/**
 * Prints a diff, or a tree of one: lines with a sign in its colour, where a terminal watches and nobody has asked for none (`NO_COLOR`).
 */
export function printSigned(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  const isColoured = stream.isTTY && stream.hasColors();
  const paint = (line: string): string => {
    const [, head, sign, rest] = isColoured ? (SIGNED.exec(line) ?? []) : [];
    return sign === undefined ? line : `${head}${styleText(STYLES[sign]!, `${sign} ${rest}`, { validateStream: false })}`;
  };
  stream.write(`${printable(text).split('\n').map(paint).join('\n')}\n`);
}
