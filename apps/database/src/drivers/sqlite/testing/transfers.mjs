/**
 * Moves money from one account to another in a database, in transactions, until it is killed; says when it has begun. The first
 * account only ever gives.
 */
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2], { timeout: 60_000 });
const move = database.prepare('UPDATE accounts SET money = money + ? WHERE id = ?');
let moved = 0;

function transfer() {
  database.exec('BEGIN IMMEDIATE');
  move.run(-1, 1 + (moved % 5_000));
  move.run(1, 2 + ((moved * 7 + 13) % 4_999));
  database.exec('COMMIT');
  moved += 1;
  if (moved === 100) process.send('begun');
  setImmediate(transfer);
}

transfer();
