import { type Address, Pacer, parseAddress, parseAddressList } from 'mailwright'

/** What the value of an alias names. */
export interface Targets {
  readonly addresses: readonly Address[]
  /** Absolute paths of files with further targets. */
  readonly includes: readonly string[]
  /** `/dev/null` is among them. */
  readonly discards: boolean
  /** Programs and files, to which no mail goes. */
  readonly refused: readonly string[]
  /** What is no address. */
  readonly unreadable: readonly string[]
  /** All of these. */
  readonly count: number
}

export interface TargetSettings {
  /** The address that was found, without the detail that was left out: `@other.example` means its local part there. */
  readonly asked: Address
  /** The domain of targets without one. */
  readonly origin: string
  /** No more than one beyond so many targets is read. */
  readonly most: number
}

/** Reads the targets of an alias, or a line of an included file: separated by commas, in quotes where they hold such. */
export async function readTargets(text: string, settings: TargetSettings): Promise<Targets> {
  const addresses: Address[] = []
  const includes: string[] = []
  const refused: string[] = []
  const unreadable: string[] = []
  let discards = false
  const items = splitList(text, settings.most + 1)
  const pacer = new Pacer()
  for (const item of items) {
    if (pacer.isDue) await pacer.rest()
    // `"|program argument"` and `|"program argument"` are the same; a quoted local part is not such a thing.
    const bare = /^"(?:[|/:]|\\\|).*"$/s.test(item) ? item.slice(1, -1).trim() : item
    if (bare.startsWith(':include:')) includes.push(unquoted(bare.slice(':include:'.length).trim()))
    else if (bare === '/dev/null') discards = true
    else if (/^[|/]/.test(bare)) refused.push(bare.slice(0, 100))
    else {
      const address = readTarget(bare, settings)
      if (address === undefined) unreadable.push(bare.slice(0, 100))
      else addresses.push(address)
    }
  }
  return { addresses, includes, discards, refused, unreadable, count: items.length }
}

function readTarget(item: string, { asked, origin }: Omit<TargetSettings, 'most'>): Address | undefined {
  if (/^@[^@<>\s]+$/.test(item)) return parseAddress(`${quoted(asked.localPart)}${item}`)
  // sendmail's `\jo` is jo, not to be looked up again: here nothing is looked up twice.
  const plain = item.replace(/^\\(?=\w)/, '')
  if (!/[@<(]/.test(plain)) return parseAddress(`${plain}@${origin}`)
  const { mailboxes } = parseAddressList(plain, { limit: 2 })
  return mailboxes.length === 1 ? mailboxes[0]?.address : undefined
}

function quoted(localPart: string): string {
  return `"${localPart.replaceAll(/["\\]/g, '\\$&')}"`
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

/** The first items of a list, without empty ones. Commas in quotes, comments and brackets of an address do not count. */
function splitList(text: string, most: number): readonly string[] {
  const items: string[] = []
  let start = 0
  let inQuotes = false
  for (let at = 0; at <= text.length && items.length < most; at++) {
    const character = text[at]
    if (character === '\\' && inQuotes) at++
    else if (character === '"') inQuotes = !inQuotes
    if (at < text.length && (inQuotes || character !== ',')) continue
    const item = text.slice(start, at).trim()
    if (item !== '') items.push(item)
    start = at + 1
  }
  return items
}
