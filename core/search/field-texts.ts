import { type AddressListEntry, parseAddressList } from '../model/address/address-list.ts'
import type { HeaderField } from '../model/header/header-field.ts'
import { decodeEncodedWords } from '../model/mime/encoded-word.ts'
import { foldText } from './fold-text.ts'

/** Fields, by their names in lower case, of which ENVELOPE tells the addresses. */
const addressFields: ReadonlySet<string> = new Set(['bcc', 'cc', 'from', 'to'])

// What people write mostly reads as ENVELOPE has it: without quotes within names, comments and obsolete spaces.
const mayReadOtherwise = /[\\(]|[ \t]{2}|[ \t][@.]|[@.][ \t]|"[ \t]?[@.]|\."|"[ \t][^ \t<,;]|[^ \t,;:][ \t]"/

/**
 * The texts in which a field of a name (in lower case) is searched, folded as `foldText` folds: what it says, and of
 * addresses what ENVELOPE makes of them where that reads otherwise (RFC 9051 §6.4.4).
 */
export function fieldTexts(field: HeaderField, name: string): readonly string[] {
  const written = foldText(field.text)
  if (!addressFields.has(name) || !mayReadOtherwise.test(field.body)) return [written]
  const texts = [written]
  for (const entry of parseAddressList(field.body).entries) {
    const [name = '', address = ''] = partsOf(entry).map(foldText)
    if (written.includes(name) && written.includes(address)) continue
    texts.push(name === '' || address === '' ? name + address : `${name} <${address}>`)
  }
  return texts
}

/** A name and an address, as far as there are such. */
function partsOf(entry: AddressListEntry): readonly string[] {
  if (entry.kind === 'group-end') return []
  if (entry.kind === 'group-start') return [decodeEncodedWords(entry.displayName)]
  const { name, localPart, domain } = entry
  const address = domain === '' ? localPart : `${localPart}@${domain}`
  return [name, address]
}
