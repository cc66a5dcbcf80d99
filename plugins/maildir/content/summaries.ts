import { decodeSummary, type MessageSummary } from 'mailwright'
import { sideValueMaking } from '../batches/side-value-making.ts'
import type { SideKind } from './side-values.ts'

/** What lists show of a message: header, structure, preview. */
export const summaryKind: SideKind<MessageSummary> = {
  name: 'summary',
  fileName: 'mailwright-summaries',
  compute: sideValueMaking.summary,
  decode: decodeSummary,
}

/** What a search for texts needs to leave messages out. */
export const signatureKind: SideKind<Buffer> = {
  name: 'signature',
  fileName: 'mailwright-signatures',
  compute: sideValueMaking.signature,
  decode: (_uid, octets) => octets,
}
