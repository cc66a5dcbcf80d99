import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { otherUsersLevel, sharedLevel } from 'mailwright/rights'
import { no, ok } from '../../engine/result.ts'

/** RFC 9208 §5.1: storage is counted in units of 1,024 octets. */
const storageUnit = 1_024

/** All mailboxes of an account together have one quota; clients know it by the empty name. */
const root = ''

/** GETQUOTA (RFC 9208 §4.1.1). */
export async function getQuota({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const name = args.astring()
  args.end()
  const response = name === root ? await quotaResponse(session) : undefined
  if (response === undefined) return no('There is no such quota root', 'NONEXISTENT')
  session.out.untagged(response)
  return ok('That is all')
}

/** GETQUOTAROOT (RFC 9208 §4.1.2). The mailbox need not exist. What is put into those of others counts for their owners. */
export async function getQuotaRoot({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.end()
  const { out } = session
  const [first] = mailbox.split('/')
  const isOwn = first !== otherUsersLevel && first !== sharedLevel
  const response = isOwn ? await quotaResponse(session) : undefined
  out.untagged(`QUOTAROOT ${out.mailbox(mailbox)}${response === undefined ? '' : ` ${out.astring(root)}`}`)
  if (response !== undefined) out.untagged(response)
  return ok('That is all')
}

/** SETQUOTA (RFC 9208 §4.1.3): limits are the postmaster's. */
export async function setQuota({ args }: ImapCall): Promise<ImapResult> {
  args.space()
  args.astring()
  args.space()
  args.list(() => {
    args.atom()
    args.space()
    return args.number64()
  })
  args.end()
  return no('Limits are set by the postmaster', 'NOPERM')
}

/** A QUOTA response without `* ` and line end (RFC 9208 §4.2.1); undefined where there is no limit. */
async function quotaResponse({ account, mail, out }: ImapSession): Promise<string | undefined> {
  const { quotaBytes } = account
  if (quotaBytes === undefined) return undefined
  const { bytes } = await mail.usage()
  // Both rounded up: what is within the limit must not look as if it were not (RFC 9208 §7, resource-usage).
  const [used, limit] = [bytes, quotaBytes].map((octets) => Math.ceil(octets / storageUnit))
  return `QUOTA ${out.astring(root)} (STORAGE ${used} ${limit})`
}
