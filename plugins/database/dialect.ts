import type { Knex } from 'knex'
import type { Database } from 'mailwright'

/** Everything that is different from one kind of database to another. A further kind is a further value of this type. */
export interface Dialect {
  readonly name: Database['dialect']
  /** Where it is, for messages: a path, or host and name. Never a password. */
  readonly location: string
  /** Whether it is another program, which may hang: then calls fail at once while it is away. */
  readonly isRemote: boolean
  /** Reads the files that the options name; absent where there are none. MAIL_E_START where one cannot be used. */
  check?(): Promise<void>
  /** Makes what must be there before the first connection, such as the file of a database that has never been there. */
  prepare(): Promise<void>
  /** A knex instance whose connections are ready for use. It connects when it is first asked something. */
  connect(): Knex
  /**
   * Runs what may write, and waits until that is durable; absent where a commit's answer says so itself. Tells of what was changed and
   * committed.
   */
  durably?<T>(run: () => Promise<T>, onChange: () => void): Promise<T>
  /** Has the database known again from now on, so that no other one is taken for it; absent where the server sees to that. */
  identify?(database: Database): Promise<void>
}
