import type { ImapArguments, ImapSearchKey, ImapWords } from 'mailwright/imap'

/**
 * MODSEQ (RFC 7162 §3.1.5). Messages have one mod-sequence for all that can change, so what the client says about single
 * flags is read and passed over, as the RFC asks.
 */
const modSequence: ImapSearchKey = (parser) => {
  const { args, session } = parser
  args.space()
  if (args.sees('"')) readEntry(args)
  const from = args.number64()
  // RFC 7162 §3.1.2.2: such a search is a mistake where SELECT said NOMODSEQ.
  if (!session.server.store.supports.modSequences) args.fail('There are no mod-sequences here')
  parser.usesModSequence = true
  return () => ({ kind: 'modSequence', from })
}

/** `"/flags/\\draft" all ` */
function readEntry(args: ImapArguments): void {
  if (!/^\/flags\/\\?[^\\]+$/.test(args.string())) args.fail('Only entries of flags are known')
  args.space()
  if (!['PRIV', 'SHARED', 'ALL'].includes(args.word())) args.fail('priv, shared or all is expected')
  args.space()
}

export const modSequenceKeys: ImapWords<ImapSearchKey> = { MODSEQ: modSequence }
