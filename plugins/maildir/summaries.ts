import { decodeSummary, encodeSummary, type MessageSummary, signText, summarise } from 'mailwright'
import type { SideKind } from './side-values.ts'

/** What lists show of a message: header, structure, preview. */
export const summaryKind: SideKind<MessageSummary> = {
  name: 'summary',
  fileName: 'mailwright-summaries',
  compute: async (content) => encodeSummary(await summarise(0, content)),
  decode: decodeSummary,
}

/** What a search for texts needs to leave messages out. */
export const signatureKind: SideKind<Buffer> = {
  name: 'signature',
  fileName: 'mailwright-signatures',
  compute: (content) => signText(content),
  decode: (_uid, octets) => octets,
}
