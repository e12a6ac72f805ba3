import { deepStrictEqual, fail, strictEqual } from 'node:assert';
import { SlipwayError, type ErrorCode } from '@slipway/contracts';
import type { Decider } from '../decider.js';

/**
 * A decider's example in three lines: `given(decider, events).when(command).then(events)`. Several commands may follow one
 * another; each sees what the ones before it decided.
 */
export function given<State, Command, Event extends { type: string; data: object }>(
  decider: Decider<State, Command, Event>,
  events: readonly Event[] = [],
) {
  const fold = (recorded: readonly Event[]) =>
    recorded.reduce((state, event) => decider.evolve(state, structuredClone(event)), decider.initialState());
  const when = (...commands: Command[]) => {
    let recorded = [...events];
    const decide = (): Event[] => {
      let decided: Event[] = [];
      for (const command of commands) {
        decided = decider.decide(fold(recorded), command);
        recorded = [...recorded, ...decided];
      }
      return decided;
    };
    return {
      /** The last command decides exactly these events; none: nothing needs to be recorded. */
      then(expected: readonly Event[]): void {
        deepStrictEqual(JSON.parse(JSON.stringify(decide())), JSON.parse(JSON.stringify(expected)));
      },
      /** The state after the last command. */
      thenState(expected: State): void {
        decide();
        deepStrictEqual(fold(recorded), expected);
      },
      /** It is refused with this code. */
      thenRefuses(code: ErrorCode): void {
        let decided: Event[];
        try {
          decided = decide();
        } catch (error) {
          if (!(error instanceof SlipwayError)) throw error;
          return strictEqual(error.code, code, error.message);
        }
        fail(`expected ${code}, but it decided ${JSON.stringify(decided)}`);
      },
    };
  };
  return { when };
}
