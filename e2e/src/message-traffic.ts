import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RESOURCE_KINDS, SERVICES } from '@slipway/contracts';
import { root } from '@slipway/testing';
import ts from 'typescript';

/** Services by what they do; under the name of its folder what is none. */
type Found = Map<string, Set<string>>;

/** What carries messages, whatever they are. */
const COURIER = ['libs/mesh/src/bus/', 'libs/mesh/src/microservice/strategy.ts'];

/**
 * Which messages the sources send and handle, and which services do so, as the compiler knows it: services and verbs by their
 * literal types, subjects by the templates that contracts give them. What it can't know stands there by its place, so that it is
 * found in no list.
 */
export class MessageTraffic {
  /** `<service>.<verb>` by who asks it. */
  readonly asked: Found = new Map();
  /** Subjects by who publishes there. */
  readonly published: Found = new Map();
  /** Subjects by who subscribes to them. */
  readonly heard: Found = new Map();
  /** `<service>.<verb>` by the schema that its body is checked with. */
  readonly handled = new Map<string, string | undefined>();
  private readonly sources: ts.SourceFile[];
  private readonly checker: ts.TypeChecker;
  /** Where each name stands. */
  private readonly mentions = new Map<string, ts.Identifier[]>();

  constructor() {
    const files = globSync(['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'], { cwd: root }).filter(
      (file) => !/\.spec\.ts$|\/(testing|fixtures)\//.test(file),
    );
    const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile) as { config: object };
    const { options } = ts.parseJsonConfigFileContent({ ...config, files }, ts.sys, root);
    const program = ts.createProgram(
      files.map((file) => join(root, file)),
      { ...options, composite: false, incremental: false, noEmit: true },
    );
    this.checker = program.getTypeChecker();
    this.sources = files.map((file) => program.getSourceFile(join(root, file))!);
    for (const source of this.sources) this.note(source);
    for (const source of this.sources) this.visit(source);
  }

  private note(node: ts.Node): void {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isIdentifier(node)) entry(this.mentions, node.text, () => []).push(node);
    ts.forEachChild(node, (child) => this.note(child));
  }

  private visit(node: ts.Node): void {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) this.call(node, node.expression);
    if (ts.isMethodDeclaration(node)) this.handler(node);
    ts.forEachChild(node, (child) => this.visit(child));
  }

  private call(call: ts.CallExpression, { expression, name }: ts.PropertyAccessExpression): void {
    if (!['request', 'publish', 'subscribe'].includes(name.text)) return;
    const receiver = this.checker.getTypeAtLocation(expression).getSymbol()?.name ?? '';
    if (!['Bus', 'NatsConnection'].includes(receiver) || COURIER.some((path) => pathOf(call).startsWith(path))) return;
    const [first, second] = call.arguments;
    if (receiver === 'Bus' && name.text === 'request') {
      for (const service of this.texts(first!))
        for (const verb of this.texts(second!)) add(this.asked, `${service}.${verb}`, this.servicesOf(call));
    } else {
      const found = name.text === 'subscribe' ? this.heard : this.published;
      for (const subject of this.texts(first!)) add(found, subject, this.servicesOf(call));
    }
  }

  /** A method with `@MessagePattern(verb)`, whose body may be checked by `new SchemaPipe(SCHEMAS.<name>)`. */
  private handler(method: ts.MethodDeclaration): void {
    const pattern = decoratorOf(method, 'MessagePattern');
    if (!pattern) return;
    const schema = /new SchemaPipe\(SCHEMAS\.(\w+)\)/.exec(method.parameters.map((parameter) => parameter.getText()).join())?.[1];
    for (const verb of this.texts(pattern.arguments[0]!))
      for (const service of this.servicesOf(method)) this.handled.set(`${service}.${verb}`, schema);
  }

  /** Which texts it can be: literals or templates. */
  private texts(node: ts.Expression): string[] {
    const type = this.checker.getTypeAtLocation(node);
    return (type.isUnion() ? type.types : [type]).map((member) => {
      if (member.isStringLiteral()) return member.value;
      if (member.flags & ts.TypeFlags.TemplateLiteral) return this.checker.typeToString(member).slice(1, -1);
      return `${node.getText()} in ${pathOf(node)}`;
    });
  }

  /** Those that a piece of code runs in: its own, or those that use the shared one that it is part of. */
  private servicesOf(node: ts.Node, seen = new Set<ts.Node>()): readonly string[] {
    const [, room = '', name = ''] = /^(apps|libs)\/([^/]+)/.exec(pathOf(node)) ?? [];
    if (name === 'slipwayd') return SERVICES;
    if (name === 'provisioner') return RESOURCE_KINDS;
    if (name !== 'mesh') return [room === 'apps' ? name : `${room}/${name}`];
    const declaration = topOf(node);
    if (seen.has(declaration)) return [];
    seen.add(declaration);
    const users = namesOf(declaration).flatMap((declared) => this.mentionsOf(declared));
    return users.flatMap((user) => this.servicesOf(user, seen));
  }

  private mentionsOf(declared: ts.Identifier): ts.Identifier[] {
    const symbol = this.symbolOf(declared);
    return (this.mentions.get(declared.text) ?? []).filter((mention) => this.symbolOf(mention) === symbol);
  }

  /** What a name stands for, wherever it was imported from. */
  private symbolOf(name: ts.Identifier): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(name);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }
}

const pathOf = (node: ts.Node): string => relative(root, node.getSourceFile().fileName);

function topOf(node: ts.Node): ts.Node {
  let top = node;
  while (!ts.isSourceFile(top.parent)) top = top.parent;
  return top;
}

function namesOf(statement: ts.Node): ts.Identifier[] {
  const names = ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name)
    : [(statement as ts.DeclarationStatement).name];
  return names.filter((name) => name !== undefined && ts.isIdentifier(name));
}

const decoratorOf = (method: ts.MethodDeclaration, name: string): ts.CallExpression | undefined =>
  ts
    .getDecorators(method)
    ?.map(({ expression }) => expression)
    .find(
      (expression): expression is ts.CallExpression =>
        ts.isCallExpression(expression) && expression.expression.getText() === name,
    );

function add(found: Found, what: string, services: readonly string[]): void {
  const known = entry(found, what, () => new Set());
  for (const service of services) known.add(service);
}

function entry<T>(map: Map<string, T>, name: string, make: () => T): T {
  const value = map.get(name) ?? make();
  map.set(name, value);
  return value;
}
