import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** What TypeScript sources declare, as the compiler reads them: for tests that hold the reference pages against them. */
export class Declarations {
  private readonly program: ts.Program;
  private readonly checker: ts.TypeChecker;

  /** @param files relative to `src/` */
  constructor(private readonly files: readonly string[]) {
    const { NodeNext } = ts.ModuleKind;
    const options = { module: NodeNext, target: ts.ScriptTarget.ES2023, strict: true, noEmit: true, types: [] };
    this.program = ts.createProgram(files.map(path), { ...options, experimentalDecorators: true });
    this.checker = this.program.getTypeChecker();
  }

  /** Fields of an interface or object type, `?` behind those that may be missing, sorted. */
  fieldsOf(name: string): string[] {
    return this.fields(this.typeOf(name));
  }

  /** Members of a union by their `type`, each with the fields of one of its own fields (`data`), or of itself. */
  membersOf(union: string, of?: string): Map<string, string[]> {
    const { types } = this.typeOf(union) as ts.UnionType;
    return new Map(
      types.map((member) => {
        const type = this.checker.getTypeOfSymbol(member.getProperty('type')!) as ts.StringLiteralType;
        const told = of === undefined ? member : this.checker.getTypeOfSymbol(member.getProperty(of)!);
        return [type.value, this.fields(told).filter((field) => of !== undefined || field !== 'type')];
      }),
    );
  }

  private typeOf(name: string): ts.Type {
    for (const file of this.files) {
      for (const node of this.program.getSourceFile(path(file))!.statements) {
        const declares = ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node);
        if (declares && node.name.text === name) return this.checker.getTypeAtLocation(node);
      }
    }
    throw new Error(`${name} is declared in none of ${this.files.join(', ')}`);
  }

  private fields(type: ts.Type): string[] {
    const properties = this.checker.getPropertiesOfType(type);
    return properties.map(({ name, flags }) => (flags & ts.SymbolFlags.Optional ? `${name}?` : name)).toSorted();
  }
}

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
