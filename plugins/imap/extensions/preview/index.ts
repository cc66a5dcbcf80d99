import type { ImapExtension, ImapFetchItem } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/**
 * Modifiers stand in parentheses, and there is but one (RFC 8970 §6); other parentheses behind the item are those of
 * FETCH's own modifiers. A store has the preview at hand or makes it in no time: even for LAZY it is never NIL.
 */
const preview: ImapFetchItem = (args, { out }) => {
  if (args.sees(' (LAZY')) {
    args.space()
    args.list(() => args.expects('LAZY'), 1)
  }
  return { needs: 'summary', text: ({ summary }) => `PREVIEW ${out.string(out.utf8(summary.preview))}` }
}

/** The beginning of a message's text (RFC 8970). */
export const previews: ImapExtension = {
  name: 'preview',
  capabilities: afterLogin(['PREVIEW']),
  fetchItems: { PREVIEW: preview },
}
