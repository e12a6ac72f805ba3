import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const page = readFileSync(new URL('../../../../docs/reference/events.md', import.meta.url), 'utf8');
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const FILES = ['request.events.ts', 'environment.events.ts', 'resource.events.ts', '../live.ts'];
const program = ts.createProgram(FILES.map(here), {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noEmit: true,
  types: [],
});
const checker = program.getTypeChecker();

/** Fields of an object type, `?` behind those that may be missing. */
const fieldsOf = (type: ts.Type): string[] =>
  type.getProperties().map(({ name, flags }) => (flags & ts.SymbolFlags.Optional ? `${name}?` : name));

/** Members of a union by their `type`. */
function membersOf(file: string, union: string): Map<string, ts.Type> {
  const declared = program
    .getSourceFile(here(file))!
    .statements.find((node): node is ts.TypeAliasDeclaration => ts.isTypeAliasDeclaration(node) && node.name.text === union)!;
  const { types } = checker.getTypeAtLocation(declared) as ts.UnionType;
  const typeOf = (member: ts.Type, name: string) => checker.getTypeOfSymbolAtLocation(member.getProperty(name)!, declared);
  return new Map(types.map((member) => [(typeOf(member, 'type') as ts.StringLiteralType).value, member]));
}

/** The table behind a heading that begins with `header`: what each row names first, and the backticked words of a cell. */
function table(heading: string, header: string, cell: number): Map<string, string[]> {
  const lines = page.slice(page.indexOf(`\n## ${heading}`)).split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${header} |`)) + 2;
  const rows = lines.slice(first, lines.indexOf('', first)).map((line) => line.split('|').slice(1, -1));
  const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  return new Map(rows.map((cells) => [words(cells[0]!)[0]!, words(cells[cell]!)]));
}

describe('the reference of events', () => {
  it.each([
    ['request.events.ts', 'RequestEvent', 'A request'],
    ['environment.events.ts', 'EnvironmentEvent', 'An environment'],
    ['environment.events.ts', 'PartitionEvent', 'A partition'],
    ['resource.events.ts', 'ResourceEvent', 'A storage, database or instance'],
  ])('tells each %s: %s with its fields, and none that is not there', (file, union, heading) => {
    const told = table(heading, 'event', 2);
    const declared = membersOf(file, union);
    expect([...told.keys()].toSorted()).toEqual([...declared.keys()].toSorted());
    for (const [type, member] of declared) {
      const data = checker.getTypeOfSymbol(member.getProperty('data')!);
      expect([type, told.get(type)!.toSorted()]).toEqual([type, fieldsOf(data).toSorted()]);
    }
  });

  it.each([
    ['ClientFrame', 'a client sends'],
    ['ServerFrame', 'the gateway sends'],
  ])('tells each %s of the WebSocket with its fields, and none that is not there', (union, header) => {
    const told = table('On the WebSocket', header, 1);
    const declared = membersOf('../live.ts', union);
    expect([...told.keys()].toSorted()).toEqual([...declared.keys()].toSorted());
    for (const [type, member] of declared) {
      const fields = fieldsOf(member).filter((field) => field !== 'type');
      expect([type, told.get(type)!.toSorted()]).toEqual([type, fields.toSorted()]);
    }
  });

  it('tells every field that an event is shown with', () => {
    const view = program
      .getSourceFile(here('../live.ts'))!
      .statements.find(
        (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === 'EventView',
      )!;
    const fields = checker
      .getTypeAtLocation(view)
      .getProperties()
      .map(({ name }) => name);
    const intro = page.slice(0, page.indexOf('\n## '));
    const told = [...intro.matchAll(/^\| (`.*?`) \|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
    );
    expect(told.toSorted()).toEqual(fields.toSorted());
  });
});
