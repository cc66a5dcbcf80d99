import { type Address, type BatchItem, formatAddress } from 'mailwright'
import { splitDetail } from 'mailwright/accounts'

/** What the words of a command may stand for. */
export interface MacroValues {
  readonly recipient: string
  readonly original_recipient: string
  readonly sender: string
  readonly user: string
  readonly extension: string
  readonly mailbox: string
  readonly domain: string
  readonly nexthop: string
  readonly queue_id: string
  readonly size: string
}

export const macroNames: readonly (keyof MacroValues)[] = [
  'recipient',
  'original_recipient',
  'sender',
  'user',
  'extension',
  'mailbox',
  'domain',
  'nexthop',
  'queue_id',
  'size',
]

const macro = /\$(?:\$|\{(\w+)\}|\((\w+)\)|(\w+))/g

/** The macros that a word of a command names and nobody knows. */
export function unknownMacros(word: string): readonly string[] {
  return namedMacros(word).filter((name) => !(macroNames as readonly string[]).includes(name))
}

/** The macros that a word of a command names. */
export function namedMacros(word: string): readonly string[] {
  return [...word.matchAll(macro)].flatMap(([, braced, bracketed, bare]) => braced ?? bracketed ?? bare ?? [])
}

/**
 * The words with their macros put in; each stays one word, whatever is in it. Undefined where a word would begin with
 * `-` because of what was put in: a program would take it for an option.
 */
export function expandWords(words: readonly string[], values: MacroValues): readonly string[] | undefined {
  const expanded = words.map((word) =>
    word.replaceAll(macro, (whole, braced, bracketed, bare) => {
      const name = braced ?? bracketed ?? bare
      return name === undefined ? whole.slice(1) : values[name as keyof MacroValues]
    }),
  )
  const isOption = expanded.some((word, index) => word.startsWith('-') && !words[index]?.startsWith('-'))
  return isOption ? undefined : expanded
}

export interface ValueSettings {
  readonly flags: ReadonlySet<string>
  readonly nullSender: string
  readonly detailSeparator: string
  readonly nextHop: string | undefined
  readonly queueId: string
}

/** What the values are of. */
export interface MacroSource extends Pick<BatchItem, 'recipient' | 'reversePath'> {
  readonly route: { readonly address: Address }
  readonly message: { readonly size: number }
}

/** The values for one item, as the flags `h`, `q` and `u` have them. */
export function macroValues(
  { route, recipient, reversePath, message }: MacroSource,
  settings: ValueSettings,
): MacroValues {
  const { flags, detailSeparator } = settings
  const fold = (text: string) => (flags.has('u') ? text.toLowerCase() : text)
  const written = ({ localPart, domain }: Address) => {
    const address = { localPart: fold(localPart), domain }
    return flags.has('q') ? formatAddress(address) : unquoted(address)
  }
  const { localPart, domain } = route.address
  const split = splitDetail(route.address, detailSeparator)
  const sender =
    reversePath === null
      ? settings.nullSender
      : flags.has('q')
        ? formatAddress(reversePath)
        : unquoted(reversePath)
  return {
    recipient: written(route.address),
    original_recipient: written(recipient),
    sender,
    user: fold(split?.address.localPart ?? localPart),
    extension: fold(split?.detail ?? ''),
    mailbox: fold(localPart),
    domain,
    nexthop: settings.nextHop ?? domain,
    queue_id: settings.queueId,
    size: String(message.size),
  }
}

function unquoted({ localPart, domain }: Address): string {
  return domain === '' ? localPart : `${localPart}@${domain}`
}
