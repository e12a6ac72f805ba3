import type { JsonObject, ResourceRef } from '@slipway/contracts';

/** A generation of a database, as a server is told of it. */
export interface Generation {
  /** Of its role, and of its database where the server has no other. */
  name: string;
  resource: ResourceRef;
  generation: number;
  epoch: number;
}

/** What a server knows of a generation. */
export interface Standing {
  state: 'absent' | 'building' | 'made' | 'destroyed';
  /** Something of it is there besides what is known: of one that was destroyed, what is still to be removed. */
  remains: boolean;
}

/** What a generation's role may do, and how it proves who it is. */
export interface Admission {
  password: string;
  /** Most connections at once. */
  connections: number;
}

/**
 * A database server that keeps many databases, as the driver uses it. What decides is a row per generation in a schema of ours
 * on the server (`building`, `made`, `destroyed`), changed under the server's own lock.
 *
 * E1. Every call is one statement, or a few of which each may stand alone: the server carries a statement out whether or not
 *     its caller lives, and holds no lock for one that has stopped.
 * E2. The row and the role come before the database (D1). Without its role, or once its row says `destroyed`, no database of a
 *     generation can be made: a call that wakes up late is refused by the server (D3).
 * E3. A role or database of that name without a row is `foreign` (D4).
 * E4. The row keeps the latest epoch: what the role of something that is made may do is changed by that one or a later one only.
 */
export interface Engine {
  /** Row and role, or the row's state where it has one. Throws `generation-old`, `foreign`. */
  reserve(generation: Generation, admission: Admission): Promise<'building' | 'made'>;
  /** What the role of what is made may do from now on. Throws `generation-old`, also where a later epoch has said so (E4). */
  admit(generation: Generation, admission: Admission): Promise<void>;
  /** The database with its schema, open to nobody but its role. Doing it again, or side by side, is fine. */
  build(generation: Generation, content: Content, admission: Admission): Promise<void>;
  /** Says that it is made; `found` when it was already. Throws `generation-old`. */
  complete(generation: Generation): Promise<'made' | 'found'>;
  /** Removes what else attempts have left of a generation that is made, and files of older epochs. */
  sweep(generation: Generation): Promise<void>;
  /** Puts the tombstone and shuts the role out. Throws `foreign`. */
  bury(generation: Generation): Promise<'destroyed' | 'absent'>;
  /** Removes database and role of a generation that was buried, ending connections; whether there was anything. */
  clear(generation: Generation): Promise<boolean>;
  standing(generation: Generation): Promise<Standing>;
  /** The database as a comparable state; `exists: false` where it is gone. */
  look(generation: Generation): Promise<JsonObject>;
  /** Generations that are not given back, or not wholly removed. */
  marks(): Promise<{ resource: ResourceRef; generation: number; name: string }[]>;
  /** What others are wired to, without the password. */
  outputs(generation: Generation): Promise<JsonObject>;
  /** All data as they are at one moment, by the engine's own tool and as the database's role, into a file that is not there yet. */
  dump(generation: Generation, password: string, file: string): Promise<void>;
}

/** What a new database begins with. */
export interface Content {
  /** Statements of its definition. */
  schema?: string;
  /** Instead: file of a dump by the engine's own tool. From outside: it is read as the database's role. `archive-invalid`. */
  dump?: string;
}
