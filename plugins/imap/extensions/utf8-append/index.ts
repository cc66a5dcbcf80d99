import type { ImapAppendData, ImapExtension } from 'mailwright/imap'
import { no, Refusal } from '../../engine/result.ts'

const utf8Literal: ImapAppendData = (args, { utf8 }) => {
  args.expects('(')
  const { content, binary } = args.literal()
  if (!binary) args.fail('A literal8 is expected')
  args.expects(')')
  if (!utf8) throw new Refusal(no('UTF8 needs ENABLE UTF8=ACCEPT'))
  return { binary, read: async () => content }
}

/** Messages with UTF-8 in their headers, as APPEND and CATENATE take them (RFC 6855 §4). */
export const utf8Append: ImapExtension = { name: 'utf8-append', appendData: { UTF8: utf8Literal } }
