/**
 * An aggregate as three pure functions: no I/O, no clock, no random numbers; time and ids come in with the command.
 * `decide` throws a SlipwayError to refuse; no events mean that nothing needs to be recorded.
 */
export interface Decider<State, Command, Event extends { type: string; data: object }> {
  initialState(): State;
  decide(state: State, command: Command): Event[];
  evolve(state: State, event: Event): State;
  /**
   * What `decide` gives, with the state that `evolve` leads to from there: of one that comes by that state while it decides, so that nobody has
   * to fold the same events a second time.
   */
  decideAndEvolve?(state: State, command: Command): { events: Event[]; state: State };
}
