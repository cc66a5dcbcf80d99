import {
  type Clock,
  type Database,
  MailwrightError,
  type PluginCommand,
  parseAddress,
  UsageError,
} from 'mailwright'
import { accountName, countOf, type RateCountRow } from './account-counts.ts'
import type { RateLimitsOptions } from './options.ts'
import { type Rate, rateText } from './rate.ts'
import { countAt, untilRoom, usedAt } from './window-count.ts'

export interface CommandSurroundings {
  readonly database: Database | undefined
  readonly clock: Clock
  readonly options: RateLimitsOptions
}

/** What accounts have sent, as far as it is shared. */
export function rateCommands(surroundings: CommandSurroundings): readonly PluginCommand[] {
  return [show(surroundings), reset(surroundings)]
}

const mostShown = 1000

function tablesOf({ database }: CommandSurroundings): Database {
  if (database !== undefined) return database
  const why = 'without a plugin that provides "database" all counts are in the memory of the server'
  throw new MailwrightError('MAIL_E_SERVICE', why)
}

interface Sent {
  readonly account: string
  readonly what: string
  readonly rate: string
  readonly most: number
  readonly used: number
  /** Null: there is room. */
  readonly until: string | null
}

function show(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'rates show',
    summary: 'show what accounts have sent within their limits, those first that are nearest to them',
    arguments: [{ name: 'account', summary: 'the address of one account', optional: true }],
    async run({ arguments: [account] }) {
      const rows = await tablesOf(surroundings).query((knex) => {
        const all = knex<RateCountRow>('rate_counts')
        return account === undefined ? all.select() : all.where('account', nameOf(account)).select()
      })
      const sent = rows
        .flatMap((row) => sentOf(row, surroundings))
        .sort((one, other) => other.used / other.most - one.used / one.most)
        .slice(0, mostShown)
      const text = sent.map(sentText).join('\n')
      return { json: sent, text: text === '' ? 'nothing is counted' : text }
    },
  }
}

function reset(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'rates reset',
    summary: 'forget what an account has sent',
    arguments: [{ name: 'account', summary: 'the address of the account' }],
    async run({ arguments: [account = ''] }) {
      const forgotten = await tablesOf(surroundings).query((knex) =>
        knex<RateCountRow>('rate_counts').where('account', nameOf(account)).delete(),
      )
      if (forgotten === 0)
        return { json: { forgotten }, text: `nothing is counted of ${account}`, exitCode: 1 }
      return { json: { forgotten }, text: `${account} may send as if it had sent nothing` }
    },
  }
}

function nameOf(account: string): string {
  if (parseAddress(account) === undefined)
    throw new UsageError(`${JSON.stringify(account)} is no address such as "user@example.org"`)
  return accountName(account)
}

/** Nothing for rows of rates that are no longer in the config, and for those whose windows are over. */
function sentOf(row: RateCountRow, { options, clock }: CommandSurroundings): readonly Sent[] {
  const rate: Rate | undefined = options.accounts[row.what].find(({ per }) => per === Number(row.per))
  if (rate === undefined) return []
  const now = clock.now()
  const count = countAt(countOf(row), rate, now)
  const used = Math.ceil(usedAt(count, rate, now))
  const wait = untilRoom(count, rate, now)
  if (used === 0) return []
  const until = wait === 0 ? null : new Date(now + wait).toISOString()
  return [{ account: row.account, what: row.what, rate: rateText(rate), most: rate.most, used, until }]
}

function sentText({ account, what, rate, used, until }: Sent): string {
  return `${account}  ${used} ${what} of ${rate}${until === null ? '' : `, no more until ${until}`}`
}
