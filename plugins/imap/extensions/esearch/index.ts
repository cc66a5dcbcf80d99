import type { ImapExtension, ImapSearchAnswer, ImapSearchResult } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { numberSet } from '../../format/strings.ts'

/** The first or the last one of those found; nothing where there is none (RFC 4731 §3.1, RFC 5267 §3.1). */
function end(name: 'MIN' | 'MAX', at: 0 | -1): ImapSearchAnswer {
  return {
    part: ({ numbers }) => (numbers.length === 0 ? '' : `${name} ${numbers.at(at)}`),
    tells: ({ uids }) => (at === 0 ? uids.slice(0, 1) : uids.slice(-1)),
  }
}

const all: ImapSearchAnswer = {
  part: ({ numbers }: ImapSearchResult) => (numbers.length === 0 ? '' : `ALL ${numberSet(numbers)}`),
  tells: 'all',
}

const count: ImapSearchAnswer = {
  part: ({ numbers }) => `COUNT ${numbers.length}`,
  tells: 'all',
  counts: true,
}

/** What SEARCH tells, chosen by the client (RFC 4731). */
export const esearch: ImapExtension = {
  name: 'esearch',
  capabilities: afterLogin(['ESEARCH']),
  searchReturns: {
    ALL: () => all,
    COUNT: () => count,
    MAX: () => end('MAX', -1),
    MIN: () => end('MIN', 0),
  },
}
