import { UnavailableError } from '../errors.ts'
import type { Database } from '../services/database.ts'
import { FaultPlan, type FaultRule, type PlannedCall } from './fault-plan.ts'

/** A fault of a database. */
export interface DatabaseFault extends Omit<FaultRule, 'call' | 'path'> {
  readonly call?: 'query' | 'transaction'
  /**
   * `before`: nothing was done. `during`: everything was done and is rolled back. `after`: it is done, but nobody is
   * told, as when a connection breaks in the answer to COMMIT. `before`
   */
  readonly when?: 'before' | 'during' | 'after'
  /** What is thrown: an UnavailableError where absent. */
  readonly error?: Error
}

/** A database that fails when it is told to. */
export interface FaultyDatabase {
  /** To be used in place of the real one. */
  readonly database: Database
  /** The calls so far, oldest first. */
  readonly calls: readonly PlannedCall[]
  /** Plans a fault. Answers the call that takes the plan back, and says whether it has struck. */
  fail(fault: DatabaseFault): () => boolean
}

/** Wraps a `database` service. */
export function faultyDatabase(real: Database, faults: readonly DatabaseFault[] = []): FaultyDatabase {
  const plan = new FaultPlan<DatabaseFault>()
  const calls: PlannedCall[] = []
  for (const fault of faults) plan.add(fault)
  const through = async <Knex, Result>(
    name: 'query' | 'transaction',
    run: (knex: Knex) => Promise<Result>,
    make: (run: (knex: Knex) => Promise<Result>) => Promise<Result>,
  ): Promise<Result> => {
    const call = { name, path: '' }
    calls.push(call)
    const fault = plan.strike(call)
    if (fault === undefined) return make(run)
    const error = fault.error ?? new UnavailableError('injected fault: the database does not answer')
    if (fault.when === 'during') {
      return make(async (knex) => {
        await run(knex)
        throw error
      })
    }
    if (fault.when === 'after') await make(run)
    throw error
  }
  const database: Database = {
    dialect: real.dialect,
    query: (run) => through('query', run, (inner) => real.query(inner)),
    transaction: (run) => through('transaction', run, (inner) => real.transaction(inner)),
  }
  return { database, calls, fail: (fault) => plan.add(fault) }
}
