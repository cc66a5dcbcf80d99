import type { Knex } from 'knex'
import type { Clock, Database } from 'mailwright'
import { type AuditNote, auditKey, auditSubject } from 'mailwright/accounts'
import type { SecretPolicy } from './secrets.ts'
import type { AuditRow, ChangesRow } from './tables.ts'

/** What every change needs. */
export interface ChangeSettings {
  readonly database: Database
  readonly clock: Clock
  /** Called after a change, also after one of which nobody knows whether it was made. */
  readonly announce: () => void
  readonly secretPolicy: () => Promise<SecretPolicy>
}

/** What a change is in the audit trail, where it can be told before it is made, or only after. */
export type Notes<T> = AuditNote | ((result: T) => readonly AuditNote[])

/** Changes of the tables as one actor makes them. */
export class Changes {
  readonly #settings: ChangeSettings
  readonly #actor: string

  constructor(settings: ChangeSettings, actor = 'unknown') {
    this.#settings = settings
    this.#actor = actor
  }

  get database(): Database {
    return this.#settings.database
  }

  secretPolicy(): Promise<SecretPolicy> {
    return this.#settings.secretPolicy()
  }

  now(): number {
    return this.#settings.clock.now()
  }

  as(actor: string): Changes {
    return new Changes(this.#settings, actor)
  }

  /** Makes a change, its notes, and the sign for caches in one transaction. */
  async make<T>(notes: Notes<T>, edit: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
    const { database, announce } = this.#settings
    try {
      return await database.transaction(async (transaction) => {
        const result = await edit(transaction)
        const made = typeof notes === 'function' ? notes(result) : [notes]
        const rows = made.map((note) => this.#row(note))
        if (rows.length > 0) await transaction<AuditRow>('accounts_audit').insert(rows)
        // The last lock that is taken, and the same for all: whoever changes something waits here for nobody in turn.
        await transaction<ChangesRow>('accounts_changes').where({ id: 1 }).increment('generation', 1)
        return result
      })
    } finally {
      announce()
    }
  }

  #row({ action, subject, detail = {} }: AuditNote): AuditRow {
    const text = auditSubject(subject)
    return {
      at: this.now(),
      actor: this.#actor,
      action,
      subject: text,
      subject_key: auditKey(text),
      detail: JSON.stringify(detail),
    }
  }
}

/** Grows with every change. */
export async function readGeneration(knex: Knex): Promise<number> {
  const row = await knex<ChangesRow>('accounts_changes').where({ id: 1 }).first('generation')
  return Number(row?.generation ?? 0)
}
