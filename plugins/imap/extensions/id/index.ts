import type { ImapArguments, ImapCommand, ImapExtension } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'

// RFC 2971 §3.3
const mostFields = 30
const longestField = 30
const longestValue = 1_024

const command: ImapCommand = {
  states: ['not authenticated', 'authenticated', 'selected'],
  async run({ args, session }) {
    args.space()
    checkParameters(args)
    args.end()
    session.out.untagged('ID ("name" "Mailwright")')
    return ok('Nice to meet you')
  },
}

/** What a client says of itself changes nothing (RFC 2971 §2), but it must be well-formed. */
function checkParameters(args: ImapArguments): void {
  if (args.takes('NIL')) return
  const fields = args.list(() => {
    const field = args.string().toLowerCase()
    args.space()
    const value = args.nstring() ?? ''
    if (field.length > longestField || value.length > longestValue) args.fail('A parameter is too long')
    return field
  })
  if (fields.length > mostFields) args.fail(`There are more than ${mostFields} parameters`)
  if (new Set(fields).size < fields.length) args.fail('A parameter is given twice')
}

/** ID (RFC 2971). */
export const id: ImapExtension = {
  name: 'id',
  capabilities: () => ['ID'],
  commands: { ID: command },
}
