import type { Knex } from 'knex'
import type { RecipientRow } from '../tables/tables.ts'
import type { Decided } from './decision.ts'
import { isGivenUp, isHeld } from './under-way.ts'

type Row = Pick<RecipientRow, 'number' | 'due' | 'deadline'>

/** Thrown where the postmaster has held, given up or removed recipients while they were being tried: it has to be decided anew. */
export class OvertakenError extends Error {
  /** Those who lead elsewhere by now and are kept as they are, and those who are gone. */
  readonly staying: ReadonlySet<number>
  /** Those whose time does not end. */
  readonly held: ReadonlySet<number>

  constructor(staying: ReadonlySet<number>, held: ReadonlySet<number>) {
    super('others have changed meanwhile what becomes of recipients')
    this.staying = staying
    this.held = held
  }
}

/** Throws {@link OvertakenError} where something was decided that does not hold for rows as they are now. To be called before anything is written. */
export async function refuseOvertaken(
  knex: Knex.Transaction,
  { moved, expired, told }: Decided,
): Promise<void> {
  const leaving = moved.map(({ from }) => from)
  const ending = expired.map(({ recipient }) => recipient.number)
  const numbers = [...new Set([...leaving, ...ending, ...told])]
  if (numbers.length === 0) return
  const rows: readonly Row[] = await knex<RecipientRow>('queue_recipients')
    .whereIn('number', numbers)
    .forUpdate()
    .select('number', 'due', 'deadline')
  const found = new Map(rows.map((row) => [Number(row.number), row]))
  const stays = (row: Row | undefined): boolean => row === undefined || isHeld(row) || isGivenUp(row)
  // Nobody is told of whom the postmaster has removed.
  const removed = numbers.filter((number) => !found.has(number))
  const staying = new Set([...leaving.filter((number) => stays(found.get(number))), ...removed])
  const held = new Set(rows.filter(isHeld).map(({ number }) => Number(number)))
  const ended = ending.filter((number) => held.has(number))
  if (staying.size + ended.length > 0) throw new OvertakenError(staying, new Set(ended))
}
