import { isNegative, not, variableOf, type Term, type Variable } from './term.js';

/**
 * Terms of which at least one holds: PubGrub's incompatibility, negated. `origin` says where it comes from: a fact about
 * resources, or the clauses that it was learned from.
 */
export interface Clause<Fact = unknown> {
  terms: Term[];
  origin: { fact: Fact } | { learnedFrom: readonly Clause<Fact>[] };
}

/** Level of what holds without any decision. */
const ALWAYS = 0;
/** Clauses after which what was learned so far is kept as a piece of a longer way. */
const PIECE = 16;

/**
 * What is decided so far and what follows from it: conflict-driven clause learning (Marques-Silva and Sakallah 1996) with two
 * watched terms (Moskewicz et al. 2001), for clauses that come while it searches.
 *
 * I1  What follows is on the trail behind all that it follows from, and has its clause as reason.
 * I2  The first two terms of a clause are watched. When a watched one ceases to be possible the clause is looked at, so that no
 *     clause is ever broken without notice; a clause that comes late may be noticed as unit later than it could be.
 * I3  What stands at level 0 is never taken back.
 * I4  What a late clause only denies is denied where the search is, though it followed earlier: nothing that was decided since is about
 *     it. When that is taken back it is denied again, as long as it follows.
 */
export class PartialSolution<Fact> {
  /** By term: 1 holds, -1 does not, 0 open. */
  readonly #values: number[] = [];
  readonly #levels: number[] = [];
  /** By variable: the level from which on its value follows; lower than its own for what a clause denied that came late. */
  readonly #since: number[] = [];
  /** Clauses that denied something which was taken back though it still follows. */
  readonly #lost: Clause<Fact>[] = [];
  readonly #reasons: (Clause<Fact> | undefined)[] = [];
  readonly #watchers: Clause<Fact>[][] = [];
  /** Terms that hold, oldest first. */
  readonly trail: Term[] = [];
  /** Where on the trail each decision stands. */
  readonly #decisions: number[] = [];
  #looked = 0;
  #taken = 0;

  newVariable(): Variable {
    this.#values.push(0, 0);
    this.#watchers.push([], []);
    this.#reasons.push(undefined);
    this.#since.push(ALWAYS);
    return this.#levels.push(ALWAYS) - 1;
  }

  get variables(): number {
    return this.#levels.length;
  }

  /** 1 holds, -1 does not, 0 open. */
  value(term: Term): number {
    return this.#values[term]!;
  }

  get level(): number {
    return this.#decisions.length;
  }

  reasonOf(variable: Variable): Clause<Fact> | undefined {
    return this.#reasons[variable];
  }

  levelOf(term: Term): number {
    return this.#levels[variableOf(term)]!;
  }

  decide(term: Term): void {
    this.#decisions.push(this.trail.length);
    this.#assign(term, undefined);
  }

  /** Takes back all above a level. */
  backtrack(level: number): void {
    if (this.level <= level) return;
    const length = this.#decisions[level]!;
    for (const term of this.trail.splice(length)) {
      const variable = variableOf(term);
      this.#values[term] = 0;
      this.#values[not(term)] = 0;
      if (this.#since[variable]! <= level) this.#lost.push(this.#reasons[variable]!);
      this.#reasons[variable] = undefined;
    }
    this.#decisions.length = level;
    this.#looked = length;
    this.#taken = Math.min(this.#taken, length);
  }

  /** The next term that holds and was not taken since it does. */
  takeNext(): Term | undefined {
    return this.#taken < this.trail.length ? this.trail[this.#taken++] : undefined;
  }

  /**
   * Adds a clause, whatever is decided. Where all but one of its terms are impossible already the last one follows; unless that is a denial
   * it goes back to the level from which on that is so. Returns the clause when none is possible; the level is then one at which that is so.
   */
  add(clause: Clause<Fact>): Clause<Fact> | undefined {
    const { terms } = clause;
    this.#bestFirst(terms, 0);
    this.#bestFirst(terms, 1);
    const [first, second] = terms;
    if (first === undefined || second === undefined) return this.#always(first, clause);
    this.#watchers[first]!.push(clause);
    this.#watchers[second]!.push(clause);
    if (this.value(second) >= 0 || this.value(first) > 0) return undefined;
    if (this.value(first) < 0) {
      this.backtrack(this.levelOf(first));
      return clause;
    }
    if (!isNegative(first)) this.backtrack(this.levelOf(second));
    this.#assign(first, clause, this.levelOf(second));
    return undefined;
  }

  /** A clause of one term, or of none: a denial holds from here on, anything else stands at level 0. */
  #always(term: Term | undefined, clause: Clause<Fact>): Clause<Fact> | undefined {
    const isThere = term !== undefined && this.value(term) > 0 && this.levelOf(term) === ALWAYS;
    if (isThere) return undefined;
    const isOpen = term !== undefined && this.value(term) === 0;
    if (!isOpen || !isNegative(term)) this.backtrack(ALWAYS);
    if (term === undefined || this.value(term) < 0) return clause;
    this.#assign(term, clause, ALWAYS);
    return undefined;
  }

  /** Brings the fittest to be watched of the terms from a place on to that place. */
  #bestFirst(terms: Term[], place: number): void {
    if (place >= terms.length) return;
    let best = place;
    for (let at = place + 1, most = this.#standing(terms[place]!); at < terms.length; at++) {
      const standing = this.#standing(terms[at]!);
      if (standing <= most) continue;
      most = standing;
      best = at;
    }
    const fittest = terms[best]!;
    // The others keep their order.
    terms.copyWithin(place + 1, place, best);
    terms[place] = fittest;
  }

  /** How fit a term is to be watched: holding ones first, then open ones, then those that were lost last. */
  #standing(term: Term): number {
    const value = this.value(term);
    return value > 0 ? Infinity : value === 0 ? Number.MAX_SAFE_INTEGER : this.levelOf(term);
  }

  /** Makes all that follows hold. Returns a clause none of whose terms is possible, where there is one. */
  propagate(): Clause<Fact> | undefined {
    for (let clause = this.#lost.pop(); clause; clause = this.#lost.pop()) {
      const conflict = this.#again(clause);
      if (conflict) return conflict;
    }
    while (this.#looked < this.trail.length) {
      const conflict = this.#visit(not(this.trail[this.#looked++]!));
      if (conflict) return conflict;
    }
    return undefined;
  }

  /** What a clause that came late denied is denied again, where that still follows. Returns the clause when it is broken meanwhile. */
  #again(clause: Clause<Fact>): Clause<Fact> | undefined {
    const [possible, other] = clause.terms.filter((term) => this.value(term) >= 0);
    if (other !== undefined || (possible !== undefined && this.value(possible) > 0)) return undefined;
    const since = Math.max(ALWAYS, ...clause.terms.filter((term) => term !== possible).map((term) => this.levelOf(term)));
    if (possible !== undefined) {
      this.#assign(possible, clause, since);
      return undefined;
    }
    this.backtrack(since);
    return clause;
  }

  /** Looks at all clauses that watch a term which is not possible any more. */
  #visit(lost: Term): Clause<Fact> | undefined {
    const watching = this.#watchers[lost]!;
    let kept = 0;
    for (let at = 0; at < watching.length; at++) {
      const clause = watching[at]!;
      const { terms } = clause;
      if (terms[0] === lost) {
        terms[0] = terms[1]!;
        terms[1] = lost;
      }
      const other = terms[0]!;
      if (this.#values[other]! > 0 || !this.#watchAnother(clause)) {
        watching[kept++] = clause;
        if (this.#values[other]! > 0) continue;
        if (this.#values[other]! < 0) {
          while (++at < watching.length) watching[kept++] = watching[at]!;
          watching.length = kept;
          return clause;
        }
        this.#assign(other, clause);
      }
    }
    watching.length = kept;
    return undefined;
  }

  #watchAnother(clause: Clause<Fact>): boolean {
    const { terms } = clause;
    for (let at = 2; at < terms.length; at++) {
      const term = terms[at]!;
      if (this.#values[term]! < 0) continue;
      terms[at] = terms[1]!;
      terms[1] = term;
      this.#watchers[term]!.push(clause);
      return true;
    }
    return false;
  }

  /** `since`: the level from which on it follows. */
  #assign(term: Term, reason: Clause<Fact> | undefined, since = this.level): void {
    this.#values[term] = 1;
    this.#values[not(term)] = -1;
    const variable = variableOf(term);
    this.#levels[variable] = this.level;
    this.#reasons[variable] = reason;
    this.#since[variable] = since;
    this.trail.push(term);
  }

  /**
   * What a conflict teaches: the clause of the first unique implication point, which would have followed earlier. Goes back to
   * where it follows, and makes it hold. A long way there is learned in pieces, so that the next time need not go all of it. Must not
   * be called at level 0.
   */
  learn(conflict: Clause<Fact>): Clause<Fact> {
    const seen = new Set<Variable>();
    const pieces: Clause<Fact>[] = [];
    let learnedFrom: Clause<Fact>[] = [];
    const earlier: Term[] = [];
    let open = 0;
    let at = this.trail.length;
    let clause = conflict;
    for (;;) {
      learnedFrom.push(clause);
      for (const term of clause.terms) {
        const variable = variableOf(term);
        if (seen.has(variable) || this.value(term) > 0) continue;
        seen.add(variable);
        const level = this.#levels[variable]!;
        if (level === this.level) open++;
        else if (level > ALWAYS) earlier.push(term);
        else this.#collectAlways(variable, learnedFrom, seen);
      }
      at = this.#before(at, seen);
      if (open === 1) break;
      if (open === 2 && earlier.length === 0 && learnedFrom.length >= PIECE) {
        const terms = [at, this.#before(at, seen)].map((one) => not(this.trail[one]!));
        const piece: Clause<Fact> = { terms, origin: { learnedFrom } };
        pieces.push(piece);
        learnedFrom = [piece];
      }
      open--;
      clause = this.#reasons[variableOf(this.trail[at]!)]!;
    }
    const learned: Clause<Fact> = { terms: [not(this.trail[at]!), ...earlier], origin: { learnedFrom } };
    this.backtrack(Math.max(ALWAYS, ...earlier.map((term) => this.levelOf(term))));
    for (const piece of pieces) this.add(piece);
    this.add(learned);
    return learned;
  }

  /** Where on the trail the last of these of the present level stands before a place. */
  #before(place: number, variables: ReadonlySet<Variable>): number {
    let at = place;
    do at--;
    while (!variables.has(variableOf(this.trail[at]!)) || this.#levels[variableOf(this.trail[at]!)] !== this.level);
    return at;
  }

  /** The clauses from which something at level 0 follows. */
  #collectAlways(variable: Variable, into: Clause<Fact>[], seen: Set<Variable>): void {
    const pending = [variable];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const reason = this.#reasons[next]!;
      into.push(reason);
      for (const term of reason.terms) {
        const other = variableOf(term);
        if (other === next || seen.has(other)) continue;
        seen.add(other);
        pending.push(other);
      }
    }
  }

  /** The clauses that a conflict at level 0 rests on: there is no solution. */
  groundsOf(conflict: Clause<Fact>): Clause<Fact>[] {
    const grounds = [conflict];
    const seen = new Set<Variable>();
    for (const term of conflict.terms) {
      const variable = variableOf(term);
      if (seen.has(variable)) continue;
      seen.add(variable);
      this.#collectAlways(variable, grounds, seen);
    }
    return grounds;
  }
}
