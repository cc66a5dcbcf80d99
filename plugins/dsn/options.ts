import { type Address, type OptionReader, parseAddress, parseAddressList, readOptions } from 'mailwright'
import { type Languages, lookUp, readLanguages } from './languages.ts'
import { plainText } from './plain-text.ts'
import type { TextChanges } from './texts.ts'

/** Who tells what to whom. */
export interface DsnOptions {
  /** The From field; undefined: the postmaster of this host, with the name that the texts have. */
  readonly from: { readonly name: string | undefined; readonly address: Address } | undefined
  /** Whom the closing words name for help; undefined: the address of `from`. */
  readonly help: string | undefined
  /** The tag of the texts' language. */
  readonly language: string
  readonly followLanguage: boolean
  readonly texts: Languages
  /** IANA's name; undefined: the machine's. */
  readonly timeZone: string | undefined
  readonly delayWarnings: boolean
  /** Who is told of what is lost; undefined: nobody. */
  readonly doubleBounces: Address | undefined
  /** Who gets a copy of what is told of failures. */
  readonly copyTo: Address | undefined
  /** Octets. */
  readonly returnLimit: number
}

/** What a config may write. */
export interface DsnInput {
  /** The From field, `address` or `Name <address>`. `postmaster` at this host, with a name in the language of the texts. */
  readonly from?: string
  /** Where help is to be had, as the last words name it: an address, a telephone number, a page. The address of `from`. */
  readonly help?: string
  /** The language of the texts: `en`, `de`, or one of `texts`. `en` */
  readonly language?: string
  /** Takes the language of a message's Accept-Language or Content-Language where there are texts in it. `false` */
  readonly followLanguage?: boolean
  /** Texts in the place of those that are shipped, by language; or a further language. */
  readonly texts?: Readonly<Record<string, TextChanges>>
  /** The time zone of dates in texts, such as `Europe/Berlin`. The machine's. */
  readonly timeZone?: string
  /** Tells of delays also where the sender has not asked for it (no NOTIFY). Never of mail from lists and programs. `true` */
  readonly delayWarnings?: boolean
  /** Who is told where mail was lost that nobody can be told of, since it has no return address; `false`: nobody. `postmaster` */
  readonly doubleBounces?: string | false
  /** An address that gets a copy of each notification of failures, with the header of the message only. None. */
  readonly copyTo?: string
  /** Octets up to which a message goes back whole; of a larger one the header. `50k` */
  readonly returnLimit?: number | string
}

// What a mail system takes at all, and room for a notification around it.
const mostReturned = 10 * 2 ** 20

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): DsnOptions {
  const read = readOptions(input)
  const languages = readLanguages(read, 'texts')
  return read.done({
    from: readFrom(read),
    help: read.optionalString('help'),
    language: readLanguage(read, languages),
    followLanguage: read.boolean('followLanguage', { default: false }),
    texts: languages,
    timeZone: readTimeZone(read),
    delayWarnings: read.boolean('delayWarnings', { default: true }),
    doubleBounces: readDoubleBounces(read),
    copyTo: readAddress(read, 'copyTo'),
    returnLimit: read.size('returnLimit', { default: '50k', min: 1_024, max: mostReturned }),
  })
}

function readFrom(read: OptionReader): DsnOptions['from'] {
  const text = read.optionalString('from')
  if (text === undefined) return undefined
  const { mailboxes } = parseAddressList(text, { limit: 2 })
  const [mailbox] = mailboxes
  const address = mailbox?.address
  if (address === undefined || mailboxes.length !== 1) {
    read.fault(
      'from',
      'must be an address, or a name with one such as "Mail System <postmaster@example.org>"',
    )
    return undefined
  }
  const name = plainText(mailbox?.name ?? '', 100)
  return { name: name === '' ? undefined : name, address }
}

function readLanguage(read: OptionReader, languages: Languages): string {
  const tag = read.string('language', { default: 'en' })
  const found = lookUp(languages, tag)
  if (found === undefined)
    read.fault('language', `must be one that texts are there in: ${[...languages.keys()].join(', ')}`)
  return found ?? 'en'
}

function readTimeZone(read: OptionReader): string | undefined {
  const timeZone = read.optionalString('timeZone')
  if (timeZone === undefined) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  } catch {
    read.fault('timeZone', 'must be a time zone such as "Europe/Berlin"')
    return undefined
  }
}

const postmaster: Address = { localPart: 'postmaster', domain: '' }

function readDoubleBounces(read: OptionReader): Address | undefined {
  const value = read.value('doubleBounces')
  if (value === false) return undefined
  return value === undefined ? postmaster : readAddress(read, 'doubleBounces')
}

/** `postmaster` needs no domain (RFC 5321 §4.1.1.3). */
function readAddress(read: OptionReader, name: string): Address | undefined {
  const text = read.optionalString(name)
  if (text === undefined) return undefined
  const address = text.toLowerCase() === 'postmaster' ? postmaster : parseAddress(text)
  if (address === undefined) read.fault(name, 'must be an address such as "me@example.org", or "postmaster"')
  return address
}
