import type { ImapArguments, ImapCall, ImapCommand } from 'mailwright/imap'
import { type ThreadAlgorithm, threadMessages } from 'mailwright/search'
import { bad, no, ok } from '../../engine/result.ts'
import { readCharset } from '../../search/charset.ts'
import { readCriteria } from '../../search/criteria.ts'
import { Progress } from '../../search/progress.ts'
import { numbersOf } from '../../search/result.ts'
import { searchSelected } from '../../search/search.ts'
import { threadLists } from './thread-data.ts'

const algorithms: ReadonlyMap<string, ThreadAlgorithm> = new Map([
  ['ORDEREDSUBJECT', 'orderedsubject'],
  ['REFERENCES', 'references'],
  ['REFS', 'refs'],
])

/** THREAD and UID THREAD (RFC 5256 §3). */
export const threadCommand: ImapCommand = {
  states: ['selected'],
  keepsNumbers: true,
  async run(call: ImapCall) {
    const { args, session, tag, byUid } = call
    const { selected, out } = session
    if (selected === undefined) return bad('No mailbox is selected')
    args.space()
    const algorithm = readAlgorithm(args)
    args.space()
    const text = readCharset(args)
    args.space()
    const criteria = readCriteria(args, session, text)
    const found = await searchSelected(call, criteria)
    const most = session.server.limits.messagesPerCommand
    // RFC 9738 §3.3: a part of the threads is of no use.
    if (most > 0 && found.uids.length > most)
      return no(`A command may tell of ${most} messages`, `MESSAGELIMIT ${most}`)
    const threads = await new Progress(session, tag).during(() =>
      threadMessages(selected.facts, algorithm, found.uids),
    )
    // Of very many messages each of these steps takes some milliseconds.
    await out.ready()
    const numbers = byUid ? threads.uids : numbersOf(selected, threads.uids)
    await out.ready()
    out.write(numbers.length === 0 ? '* THREAD' : '* THREAD ')
    for (const piece of threadLists(threads, numbers)) {
      out.write(piece)
      await out.ready()
    }
    out.write('\r\n')
    return { ...ok('Threaded'), keepsNumbers: criteria.usesNumbers }
  },
}

function readAlgorithm(args: ImapArguments): ThreadAlgorithm {
  const name = args.word()
  return algorithms.get(name) ?? args.fail(`There is no threading algorithm ${name}`)
}
