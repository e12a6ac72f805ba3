import type { OpenAPIObject } from '@nestjs/swagger';

/** One operation of the REST interface, as the OpenAPI describes it. */
export interface Operation {
  method: string;
  /** With its parameters in braces: `/api/v1/requests/{id}/cancel`. */
  path: string;
  pathParameters: readonly string[];
  queryParameters: readonly string[];
  /** Kinds of content that its body may have; none when it takes no body. */
  takes: readonly string[];
  /** Kinds of content that its answer may have. */
  gives: readonly string[];
}

interface Described {
  operationId?: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: object };
  responses?: Record<string, { content?: object }>;
}

/** All operations of an OpenAPI document by their `operationId`, which is what an action is called by. */
export function operationsOf({ paths }: OpenAPIObject): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(methods as Record<string, Described>)) {
      const named = (where: string) => (described.parameters ?? []).filter((one) => one.in === where).map(({ name }) => name);
      const wells = Object.entries(described.responses ?? {}).filter(([status]) => status.startsWith('2'));
      operations.set(described.operationId!, {
        method: method.toUpperCase(),
        path,
        pathParameters: named('path'),
        queryParameters: named('query'),
        takes: Object.keys(described.requestBody?.content ?? {}),
        gives: wells.flatMap(([, { content }]) => Object.keys(content ?? {})),
      });
    }
  }
  return operations;
}
