import type { Migration } from 'mailwright'

/** Sessions of one day that went the same way. Numbers may come as texts. */
export interface TlsSessionsRow {
  /** A digest of all that makes it what it is, but for `sessions` and `detail`. */
  readonly id: string
  /** UTC: `2026-01-31`. */
  readonly day: string
  /** Canonical: whom the mail was for. */
  readonly domain: string
  /** RFC 8460 §4.4: `tlsa`, `sts`, `no-policy-found`. */
  readonly policy_type: string
  /** One line a line. */
  readonly policy_string: string
  /** Hosts that the policy is about, one a line. */
  readonly mx_hosts: string
  /** RFC 8460 §4.3; empty where the session was secured. */
  readonly result: string
  /** The host that was connected to; empty where the session was secured. */
  readonly receiving_mx: string
  /** What was wrong with one of these sessions, in words. */
  readonly detail: string
  readonly sessions: number | string
}

/** A report that was sent, or is being sent; and one row for all of a day, see {@link import('./day-run.ts').DayRun}. */
export interface SentReportRow {
  /** A digest of day, domain and address; of the day alone for all of it. */
  readonly id: string
  readonly day: string
  /** Milliseconds since 1970; for all of a day: until when somebody is at it. */
  readonly sent_at: number | string
}

/** Deployed: it never changes. */
export const tlsReportMigration: Migration = {
  name: '0002-tls-reports',
  async up(knex) {
    if (!(await knex.schema.hasTable('smtp_out_sent_reports')))
      await knex.schema.createTable('smtp_out_sent_reports', (table) => {
        table.string('id', 64).primary()
        table.string('day', 10).notNullable().index()
        table.bigInteger('sent_at').notNullable()
      })
    if (await knex.schema.hasTable('smtp_out_tls_sessions')) return
    await knex.schema.createTable('smtp_out_tls_sessions', (table) => {
      table.string('id', 64).primary()
      table.string('day', 10).notNullable()
      table.string('domain', 255).notNullable()
      table.string('policy_type', 16).notNullable()
      table.text('policy_string', 'mediumtext').notNullable()
      table.text('mx_hosts', 'mediumtext').notNullable()
      table.string('result', 32).notNullable()
      table.string('receiving_mx', 255).notNullable()
      table.string('detail', 255).notNullable()
      table.bigInteger('sessions').notNullable()
      table.index(['day', 'domain'])
    })
  },
}
