import { SlipwayError } from '@slipway/contracts';

/** Something that is looked at besides: where it is too much, or not decided, what is known already stands. */
export function unlessTooMuch<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SlipwayError && (error.code === 'too-large' || error.code === 'undecided')) return undefined;
    throw error;
  }
}
