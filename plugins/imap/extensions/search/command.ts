import type { ImapArguments, ImapCall, ImapCommand, ImapSession } from 'mailwright/imap'
import { readCharset, type TextReading, utf8Reading } from '../../search/charset.ts'
import { readCriteria } from '../../search/criteria.ts'
import { answerSearch } from '../../search/response.ts'
import { allReturned, readReturns } from '../../search/returns.ts'
import { searchSelected } from '../../search/search.ts'

/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, §6.4.9). */
export const searchCommand: ImapCommand = {
  states: ['selected'],
  keepsNumbers: true,
  async run(call: ImapCall) {
    const { args, session, tag } = call
    const request = { session, tag, selectedOnly: true }
    args.space()
    const asked = readReturns(args, request)
    // RFC 9051 Appendix E: IMAP4rev2 has no SEARCH response.
    const returns = asked ?? (session.enabled.has('IMAP4REV2') ? allReturned(args, request) : undefined)
    try {
      if (asked !== undefined) args.space()
      const criteria = readCriteria(args, session, readSearchCharset(args, session))
      const { usesModSequence, usesNumbers } = criteria
      const found = await searchSelected(call, criteria)
      const answering = { ...found, word: 'SEARCH', returns, usesModSequence, sorted: false } as const
      return { ...(await answerSearch(call, answering)), keepsNumbers: usesNumbers }
    } catch (error) {
      returns?.refused(session, error)
      throw error
    }
  },
}

/** Reads `CHARSET name ` where it comes next. */
export function readSearchCharset(args: ImapArguments, session: ImapSession): TextReading {
  if (!args.takes('CHARSET ')) return utf8Reading
  // RFC 6855 §3: the two would say different things.
  if (session.enabled.has('UTF8=ACCEPT')) args.fail('No charset may be named once UTF8=ACCEPT is enabled')
  const text = readCharset(args)
  args.space()
  return text
}
