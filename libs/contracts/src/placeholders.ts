/**
 * What of a text can hold placeholders (`${port}`): all up to its last `}`. In it each `${` finds the end of a placeholder, so looking
 * for them takes one walk; behind it each of many would look through all the rest, and a hostile text has millions.
 */
export const beforeLastBrace = (text: string): string => text.slice(0, text.lastIndexOf('}') + 1);
