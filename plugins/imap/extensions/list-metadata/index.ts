import type { ImapExtension, ImapListReturn } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { whereKnown } from '../list/where-known.ts'
import { chosenAnnotations, eachOnce, readEntry } from '../metadata/entries.ts'
import { mailboxAnnotations } from '../metadata/kept.ts'
import { metadataResponse } from '../metadata/response.ts'

/** `METADATA (…)`: as GETMETADATA would answer for each mailbox (RFC 9590 §3). */
const returnMetadata: ImapListReturn = (args) => {
  args.space()
  const written = args.list(() => readEntry(args), 1)
  const entries = eachOnce(written) ?? args.fail('Too many entries')
  return {
    after: whereKnown(async ({ name, info }, session) => {
      const all = await mailboxAnnotations(session, name, info?.specialUse)
      return metadataResponse(session.out, name, chosenAnnotations(all, entries, 0))
    }),
  }
}

/** Annotations of all mailboxes that are listed (RFC 9590). */
export const listMetadata: ImapExtension = {
  name: 'list-metadata',
  capabilities: afterLogin(['LIST-METADATA'], 'metadata'),
  listReturns: { METADATA: returnMetadata },
}
