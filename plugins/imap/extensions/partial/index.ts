import type { ImapExtension, ImapFetchModifier, ImapSearchReturn } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { itemsIn, readPartialRange } from '../../engine/partial-range.ts'
import { numberSet } from '../../format/strings.ts'

const returned: ImapSearchReturn = (args) => {
  args.space()
  const range = readPartialRange(args)
  return {
    part({ numbers }) {
      const found = itemsIn(numbers, range)
      return `PARTIAL (${range.written} ${found.length === 0 ? 'NIL' : numberSet(found)})`
    },
    tells: ({ uids }) => itemsIn(uids, range),
    check(names) {
      // RFC 9394 §3.1: either one PARTIAL, one ALL, or neither.
      if (names.includes('ALL')) args.fail('ALL and PARTIAL exclude each other')
    },
  }
}

const fetched: ImapFetchModifier = (args, request) => {
  args.space()
  const { first, last } = readPartialRange(args)
  request.window = { first, last }
}

/** Results page by page (RFC 9394, RFC 5267 §4.4). */
export const partial: ImapExtension = {
  name: 'partial',
  capabilities: afterLogin(['PARTIAL']),
  searchReturns: { PARTIAL: returned },
  fetchModifiers: { PARTIAL: fetched },
}
