import {
  addressOctets,
  blockOf,
  type Clock,
  type CommandOutput,
  type Database,
  MailwrightError,
  type PluginCommand,
  type PrefixLengths,
  parseAddress,
  UsageError,
} from 'mailwright'
import { type Allowances, allowanceKey } from './allowances.ts'
import type { AllowanceRow, TripletRow } from './tables.ts'
import { steadySender } from './triplet.ts'

const mostRows = 1000

export interface CommandSurroundings {
  readonly database: Database
  readonly allowances: Allowances
  readonly clock: Clock
  /** Of the networks in triplets. */
  readonly prefixes: PrefixLengths
}

/** `mailwright greylisting list`, `allow`, `remove`. */
export function greylistCommands(given: CommandSurroundings): readonly PluginCommand[] {
  const who = { name: 'who', summary: 'a network, an address, "user@", a domain, ".domain" or "<>"' }
  return [
    {
      name: 'greylisting list',
      summary: 'who has to come back, who is known, and who need not wait',
      options: [
        { flags: '--known', summary: 'those that have come back, in place of those that wait' },
        { flags: '--allowed', summary: 'networks and senders that need not wait' },
      ],
      run: ({ options }) => {
        if (options.known === true && options.allowed === true)
          throw new UsageError('--known and --allowed do not go together')
        return options.allowed === true ? listAllowed(given) : listTriplets(given, options.known === true)
      },
    },
    {
      name: 'greylisting allow',
      summary: 'lets a network or sender in without a wait, for good',
      arguments: [who],
      async run({ arguments: [text = ''] }) {
        const key = keyOf(text)
        await given.allowances.allow(key)
        return { json: { allowed: key }, text: `${key} need not wait any more` }
      },
    },
    {
      name: 'greylisting remove',
      summary: 'forgets an allowance, and all that is known of a network, sender or recipient',
      arguments: [who],
      run: ({ arguments: [text = ''] }) => remove(given, text),
    },
  ]
}

function keyOf(text: string): string {
  const key = allowanceKey(text)
  if (key === undefined)
    throw new UsageError(
      `${JSON.stringify(text)} is no network, and no "jo@example.org", "jo@", "example.org", "@example.org", ".example.org" or "<>"`,
    )
  return key
}

async function listTriplets(
  { database, clock }: CommandSurroundings,
  isKnown: boolean,
): Promise<CommandOutput> {
  const found = await database.query((knex) => {
    const alive = knex<TripletRow>('greylist_triplets').where('expires_at', '>', clock.now())
    return (isKnown ? alive.whereNotNull('passed_at') : alive.whereNull('passed_at'))
      .orderBy('last_seen', 'desc')
      .limit(mostRows)
  })
  const json = found.map((row) => ({
    network: row.network,
    sender: row.sender,
    recipient: row.recipient,
    firstSeen: time(row.first_seen),
    lastSeen: time(row.last_seen),
    expires: time(row.expires_at),
  }))
  const lines = json.map((each) => `${each.firstSeen}  ${each.network}  ${each.sender}  ${each.recipient}`)
  return { json, text: lines.join('\n') || 'nobody' }
}

async function listAllowed({ database, clock }: CommandSurroundings): Promise<CommandOutput> {
  const found = await database.query((knex) =>
    knex<AllowanceRow>('greylist_allowances').orderBy('name').limit(mostRows),
  )
  const alive = found.filter(({ kind, expires_at }) => kind === 'manual' || Number(expires_at) > clock.now())
  const json = alive.map(({ name, kind, passes, expires_at }) =>
    kind === 'manual' ? { name, kind } : { name, kind, passes, expires: time(expires_at) },
  )
  const lines = alive.map(({ name, kind, passes }) =>
    kind === 'manual' ? `${name}  for good` : `${name}  ${passes} passes`,
  )
  return { json, text: lines.join('\n') || 'nobody' }
}

async function remove({ database, prefixes }: CommandSurroundings, text: string): Promise<CommandOutput> {
  const key = keyOf(text)
  const removed = await database.transaction(async (transaction) => {
    const allowances = await transaction<AllowanceRow>('greylist_allowances').where({ name: key }).delete()
    const triplets = await transaction<TripletRow>('greylist_triplets')
      .where({ network: networkOf(text, prefixes) ?? key })
      .orWhere({ sender: senderOf(text) ?? key })
      .orWhere({ recipient: key })
      .delete()
    return { allowances, triplets }
  })
  if (removed.allowances + removed.triplets === 0)
    throw new MailwrightError('MAIL_E_NOT_FOUND', `nothing is known of ${key}`)
  return {
    json: removed,
    text: `forgot ${removed.allowances} allowances and ${removed.triplets} triplets`,
  }
}

/** The network of an address as triplets have it. */
function networkOf(text: string, prefixes: PrefixLengths): string | undefined {
  return addressOctets(text) === undefined ? undefined : blockOf(text, prefixes)
}

/** A sender as triplets have it. */
function senderOf(text: string): string | undefined {
  const address = parseAddress(text)
  return address && `${steadySender(address.localPart)}@${address.domain}`
}

function time(milliseconds: number | string): string {
  return new Date(Number(milliseconds)).toISOString()
}
