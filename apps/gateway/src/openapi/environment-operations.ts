import { ApiHeader, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import type { InstalledNoun } from '../http/matching.js';
import { AS_OF, AT_LEAST, PAGED, READS, answer, fieldsOf, filters, problems, sorted, withKey } from './operations.js';

const SUMMARIES: Readonly<Record<InstalledNoun, { operation: string; summary: string; page: string }>> = {
  resources: { operation: 'list-installed', summary: 'What is installed in an environment', page: 'InstalledPage' },
  capabilities: {
    operation: 'list-installed-capabilities',
    summary: 'What it offers to requirements: the services of instances while they are healthy',
    page: 'InstalledCapabilityPage',
  },
  requirements: {
    operation: 'list-installed-requirements',
    summary: 'What it needs, and what it is wired to for that',
    page: 'InstalledRequirementPage',
  },
  wires: { operation: 'list-installed-wires', summary: 'How it is wired', page: 'InstalledWirePage' },
};

/** The environment in whose path an operation stands. */
export const ENVIRONMENT = ApiParam({ name: 'id', description: "The environment's name." });

export const ApiInstalled = (noun: InstalledNoun): MethodDecorator => {
  const { operation, summary, page } = SUMMARIES[noun];
  return withKey(
    ApiOperation({
      operationId: operation,
      summary,
      description:
        'Each field may be given several times: one of. With `filter` a page may have fewer rows than `limit`, even none: go on as long as there is a `next`.',
    }),
    ENVIRONMENT,
    ...filters(fieldsOf(noun, 'filter').filter(({ name }) => name !== 'environment')),
    ApiQuery({
      name: 'filter',
      required: false,
      type: String,
      description:
        'What must hold of a row, as a filter of OSGi Core 8 §3.2.7: `(&(kind=storage)(version>=1.2))`; of a capability its attributes.',
    }),
    sorted(noun),
    ...PAGED,
    ApiQuery(AS_OF),
    ApiHeader(AT_LEAST),
    answer(200, page, 'A page.', { 'Slipway-Position': 'Log position that it was read at.' }),
    ...problems(...READS, 'not-found'),
  );
};

export const ApiWhy = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'why',
      summary: 'Why something is in an environment, and who needs it',
      description:
        'All ways that lead to it from what was asked for by itself, each with the request that asked; who needs it, directly and further away.',
    }),
    ENVIRONMENT,
    ApiQuery({
      name: 'what',
      required: true,
      type: String,
      description: 'A key (`storage/shop-data`), a name (`shop`), or a definition (`guestbook`, `guestbook@1.0.0`).',
    }),
    ApiQuery(AS_OF),
    ApiHeader(AT_LEAST),
    answer(200, 'WhyView', 'As it stands.', { 'Slipway-Position': 'Log position that it was read at.' }),
    ...problems(...READS, 'not-found'),
  );
