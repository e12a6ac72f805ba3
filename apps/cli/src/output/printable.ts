/**
 * What a terminal takes as an order, not as text: C0 but for tab and line ends, DEL, C1 (ECMA-48), and what turns the direction of
 * text (UAX #9). Names, messages and logs come from others.
 */
// oxlint-disable-next-line no-control-regex
const ORDERS = /(?!\r\n)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A text in which such a character stands as `\\u009b`, as in JSON. */
export const printable = (text: string): string =>
  text.replaceAll(ORDERS, (order) => `\\u${order.charCodeAt(0).toString(16).padStart(4, '0')}`);
