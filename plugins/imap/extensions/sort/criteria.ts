import type { ImapArguments } from 'mailwright/imap'
import type { SortCriterion, SortKey } from 'mailwright/search'

// RFC 5256 §5 and RFC 5957 §5, sort-key.
const keys: ReadonlyMap<string, SortKey> = new Map([
  ['ARRIVAL', 'arrival'],
  ['CC', 'cc'],
  ['DATE', 'date'],
  ['DISPLAYFROM', 'displayfrom'],
  ['DISPLAYTO', 'displayto'],
  ['FROM', 'from'],
  ['SIZE', 'size'],
  ['SUBJECT', 'subject'],
  ['TO', 'to'],
])

/** Reads what messages are sorted by: `(SUBJECT REVERSE DATE)`. */
export function readSortCriteria(args: ImapArguments): readonly SortCriterion[] {
  return args.list(() => {
    const reverse = args.takes('REVERSE ')
    const name = args.word()
    const key = keys.get(name) ?? args.fail(`Messages cannot be sorted by ${name}`)
    return { key, reverse }
  }, 1)
}
