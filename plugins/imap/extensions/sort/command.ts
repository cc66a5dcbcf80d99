import type { ImapCall, ImapCommand } from 'mailwright/imap'
import { sortMessages } from 'mailwright/search'
import { bad } from '../../engine/result.ts'
import { readCharset } from '../../search/charset.ts'
import { readCriteria } from '../../search/criteria.ts'
import { Progress } from '../../search/progress.ts'
import { answerSearch } from '../../search/response.ts'
import { readReturns } from '../../search/returns.ts'
import { searchSelected } from '../../search/search.ts'
import { readSortCriteria } from './criteria.ts'

/** SORT and UID SORT (RFC 5256 §3, RFC 5267 §3). */
export const sortCommand: ImapCommand = {
  states: ['selected'],
  keepsNumbers: true,
  async run(call: ImapCall) {
    const { args, session, tag } = call
    const { selected } = session
    if (selected === undefined) return bad('No mailbox is selected')
    args.space()
    const returns = readReturns(args, { session, tag, selectedOnly: true })
    try {
      if (returns !== undefined) args.space()
      const order = readSortCriteria(args)
      args.space()
      const text = readCharset(args)
      args.space()
      const criteria = readCriteria(args, session, text)
      const { usesModSequence, usesNumbers } = criteria
      const found = await searchSelected(call, criteria)
      const sorted = (uids: readonly number[]): Promise<readonly number[]> =>
        sortMessages(selected.facts, order, uids)
      const uids = await new Progress(session, tag).during(() => sorted(found.uids))
      const again = async (among?: readonly number[]): Promise<readonly number[]> =>
        sorted(await found.again(among))
      const answering = { word: 'SORT', returns, usesModSequence, uids, sorted: true, again } as const
      return { ...(await answerSearch(call, answering)), keepsNumbers: usesNumbers }
    } catch (error) {
      returns?.refused(session, error)
      throw error
    }
  },
}
