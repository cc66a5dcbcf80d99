import {
  addressOctets,
  addressText,
  blockText,
  type Clock,
  type CommandInvocation,
  type CommandOutput,
  type Database,
  MailwrightError,
  networkProblem,
  networksInclude,
  type OptionReader,
  type PluginCommand,
  parseNetwork,
  readOptions,
  UsageError,
} from 'mailwright'
import { Register, type Shown } from './register.ts'
import { isInForce, type Restriction } from './restrictions.ts'
import type { GuardOptions } from './settings.ts'
import { networkSubject, subjectText } from './subject.ts'

export interface CommandSurroundings {
  readonly database: Database | undefined
  readonly clock: Clock
  readonly options: GuardOptions
}

/** What the postmaster sees and changes; a running server follows within `syncEvery`. */
export function guardCommands(surroundings: CommandSurroundings): readonly PluginCommand[] {
  return [list(surroundings), show(surroundings), unban(surroundings), ban(surroundings)]
}

function registerOf({ database, clock, options }: CommandSurroundings): Register {
  if (database !== undefined) return new Register(database, clock, options)
  const why =
    'without a plugin that provides "database" the guard keeps all it knows in the memory of the server'
  throw new MailwrightError('MAIL_E_SERVICE', why)
}

function list(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'guard list',
    summary: 'list the networks that are banned, and the logins that are refused or protected',
    async run() {
      const restrictions = await registerOf(surroundings).inForce()
      const text = restrictions.map(restrictionText).join('\n')
      return {
        json: restrictions.map(restrictionJson),
        text: text === '' ? 'nothing is banned, refused or protected' : text,
      }
    },
  }
}

function show(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'guard show',
    summary: 'show what is known of an address or a login',
    arguments: [{ name: 'address-or-login', summary: 'an IP address, or a login as a user gives it' }],
    async run(invocation) {
      const register = registerOf(surroundings)
      const what = word(invocation)
      if (what.includes('/') && parseNetwork(what) !== undefined)
        throw new UsageError(`"${what}" must be an address, not a network`)
      const shown = await register.about(what)
      return { json: shownJson(shown), text: shownText(shown, surroundings.clock.now()) }
    },
  }
}

function unban(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'guard unban',
    summary: 'lift what holds an address, a network or a login, and forget its failures',
    arguments: [{ name: 'what', summary: 'an IP address, a network, a login, or "all"' }],
    async run(invocation) {
      const what = word(invocation)
      const lifted = await registerOf(surroundings).lift(what)
      if (lifted.length === 0) return { json: { lifted: [] }, text: `nothing holds ${what}`, exitCode: 1 }
      const names = lifted.map(subjectText)
      return { json: { lifted }, text: names.map((name) => `lifted ${name}`).join('\n') }
    },
  }
}

function ban(surroundings: CommandSurroundings): PluginCommand {
  return {
    name: 'guard ban',
    summary: 'ban a network, also one from which users have logged in',
    arguments: [{ name: 'network', summary: 'an IP address, or a network such as 192.0.2.0/24' }],
    options: [
      { flags: '--for <duration>', summary: 'such as 2h or 7d; for good where absent' },
      { flags: '--reason <text>', summary: 'shown by "guard list", never to the client' },
    ],
    async run(invocation) {
      const register = registerOf(surroundings)
      const text = word(invocation)
      const network = parseNetwork(text)
      if (network === undefined) throw new UsageError(`"${text}" must be ${networkProblem(text)}`)
      const now = surroundings.clock.now()
      const length = lengthOf(invocation.options.for)
      const subject = networkSubject(blockText(network.octets, network.prefix))
      const { reason = '' } = invocation.options
      const restriction: Restriction = {
        subject,
        since: now,
        endsAt: length === undefined ? null : now + length,
        times: 0,
        reason: String(reason),
        madeBy: 'postmaster',
      }
      await register.put(restriction)
      const [address = ''] = subject.network.split('/')
      const isSpared = networksInclude(surroundings.options.neverBan, address)
      const warning = isSpared ? '\n`neverBan` has this network or a part of it: that part is not banned' : ''
      return { json: restrictionJson(restriction), text: `${restrictionText(restriction)}${warning}` }
    },
  }
}

function word({ arguments: [given = ''] }: CommandInvocation): string {
  const text = given.trim()
  if (text === '') throw new UsageError('an address or a login is missing')
  const octets = addressOctets(text.replace(/^\[(.*)\]$/s, '$1'))
  if (octets !== undefined) return addressText(octets)
  const [address = ''] = text.split('/')
  if (addressOctets(address) !== undefined && parseNetwork(text) === undefined)
    throw new UsageError(`"${text}" must be ${networkProblem(text)}`)
  return text
}

function lengthOf(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined
  try {
    const read: OptionReader = readOptions({ for: value })
    return read.done(read.duration('for', { min: 1000 }))
  } catch {
    throw new UsageError(`"${value}" is no duration such as 90m, 2h or 7d`)
  }
}

const state = { network: 'banned', pair: 'refused', login: 'protected' } as const

function restrictionText(restriction: Restriction): string {
  const { subject, since, endsAt, reason, madeBy, times } = restriction
  const until = endsAt === null ? 'for good' : `until ${new Date(endsAt).toISOString()}`
  const by = madeBy === 'postmaster' ? 'by the postmaster' : `time ${times}`
  const why = reason === '' ? '' : `: ${reason}`
  return `${subjectText(subject)}  ${state[subject.kind]} ${until}, since ${new Date(since).toISOString()}, ${by}${why}`
}

function restrictionJson({ subject, since, endsAt, ...rest }: Restriction): CommandOutput['json'] {
  const until = endsAt === null ? null : new Date(endsAt).toISOString()
  return { ...subject, state: state[subject.kind], since: new Date(since).toISOString(), until, ...rest }
}

function shownText({ restrictions, failures, known }: Shown, now: number): string {
  const lines = [
    ...restrictions.map((each) =>
      isInForce(each, now) ? restrictionText(each) : `${restrictionText(each)} (over, remembered)`,
    ),
    ...failures.map(({ subject, count, lastAt }) => {
      return `${subjectText(subject)}  ${count} failed, last at ${new Date(lastAt).toISOString()}`
    }),
    ...known.map(({ login, network, seenAt }) => {
      return `${login} from ${network}  logged in, last noted at ${new Date(seenAt).toISOString()}`
    }),
  ]
  return lines.length === 0 ? 'nothing is known of that' : lines.join('\n')
}

function shownJson({ restrictions, failures, known }: Shown): CommandOutput['json'] {
  return {
    restrictions: restrictions.map(restrictionJson),
    failures: failures.map(({ subject, count, lastAt }) => ({
      ...subject,
      failures: count,
      lastAt: new Date(lastAt).toISOString(),
    })),
    known: known.map(({ login, network, seenAt }) => ({
      login,
      network,
      seenAt: new Date(seenAt).toISOString(),
    })),
  }
}
