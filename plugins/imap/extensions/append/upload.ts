import { type StoreAbilities, systemFlag } from 'mailwright'
import type { ImapAppendSource, ImapArguments, ImapSession } from 'mailwright/imap'

/** A message that a client wants to have stored: RFC 9051 §9 append-message. */
export interface Upload {
  /** Those that the store can keep. */
  readonly flags: readonly string[]
  /** Undefined for now. */
  readonly internalDate: Date | undefined
  readonly source: ImapAppendSource
}

/** Reads a message with the space before it. */
export function readUpload(args: ImapArguments, session: ImapSession): Upload {
  args.space()
  const flags = args.sees('(') ? args.flags() : undefined
  if (flags !== undefined) args.space()
  const internalDate = args.sees('"') ? args.dateTime() : undefined
  if (internalDate !== undefined) args.space()
  const { supports } = session.server.store
  return { flags: kept(flags ?? [], supports), internalDate, source: readSource(args, session) }
}

/** Reads messages up to the end of the command (RFC 3502). */
export function readUploads(args: ImapArguments, session: ImapSession): readonly Upload[] {
  const uploads: Upload[] = []
  do uploads.push(readUpload(args, session))
  while (!args.atEnd)
  return uploads
}

/** RFC 9051 §9, append-data: a literal, or what extensions have words for. */
function readSource(args: ImapArguments, session: ImapSession): ImapAppendSource {
  for (const [word, read] of session.server.vocabulary.appendData)
    if (args.takes(`${word} `)) return read(args, session)
  const { content, binary } = args.literal()
  return { binary, read: async () => content }
}

function kept(flags: readonly string[], { flags: keepsFlags, keywords }: StoreAbilities): readonly string[] {
  if (!keepsFlags) return []
  return keywords ? flags : flags.filter((flag) => systemFlag(flag) !== undefined)
}
