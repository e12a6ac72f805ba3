import type { NotSettled } from '@slipway/client';

/** In the words of the command that waited. */
export const describeNotSettled = ({ message, instance }: NotSettled): string =>
  `${message}${instance.healthReason ? `: ${instance.healthReason}` : ''}; it goes on. See: npx slipway instances ${instance.name}`;
