import { ValidateBy, isISO8601 } from 'class-validator';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A date that exists, a time and a zone (RFC 3339 §5.6, seconds may be left out): what means the same moment to everybody. */
export const isTime = (value: unknown): value is string =>
  typeof value === 'string' && TIME.test(value) && isISO8601(value, { strict: true }) && !Number.isNaN(Date.parse(value));

/** Validates a field as a time that {@link isTime}. */
export const IsTime = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTime',
    validator: {
      validate: isTime,
      defaultMessage: () => '$property must be a date, a time and a zone as in ISO 8601, such as "2026-03-01T06:00:00Z"',
    },
  });
