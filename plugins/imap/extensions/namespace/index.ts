import type { ImapCommand, ImapExtension, ImapOutput } from 'mailwright/imap'
import { otherUsersLevel, sharedLevel } from 'mailwright/rights'
import { afterLogin } from '../../engine/after-login.ts'
import { ok } from '../../engine/result.ts'

const command: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run({ args, session: { out, server } }) {
    args.end()
    const { rights } = server.store.supports
    const others = rights ? `${group(out, otherUsersLevel)} ${group(out, sharedLevel)}` : 'NIL NIL'
    out.untagged(`NAMESPACE (("" "/")) ${others}`)
    return ok('That is all')
  },
}

/** One namespace: everything below a level. */
function group(out: ImapOutput, level: string): string {
  return `((${out.string(`${level}/`)} "/"))`
}

/** Whose mailboxes there are: one's own, other users', shared ones (RFC 2342, RFC 9051 §6.3.10). */
export const namespace: ImapExtension = {
  name: 'namespace',
  capabilities: afterLogin(['NAMESPACE']),
  commands: { NAMESPACE: command },
}
