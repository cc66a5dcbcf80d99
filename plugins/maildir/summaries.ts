import { decodeSummary, encodeSummary, type MessageSummary, signText, summarise } from 'mailwright'
import type { SideKind, SideValues } from './side-values.ts'

/** What lists show of a message: header, structure, preview. */
export const summaryKind: SideKind = {
  name: 'summary',
  fileName: 'mailwright-summaries',
  compute: async (content) => encodeSummary(await summarise(0, content)),
  isSound: (octets) => decodeSummary(0, octets) !== undefined,
}

/** What a search for texts needs to leave messages out. */
export const signatureKind: SideKind = {
  name: 'signature',
  fileName: 'mailwright-signatures',
  compute: (content) => signText(content),
  isSound: () => true,
}

/** The summaries of messages, in the order of the UIDs. */
export async function* summariesOf(
  values: SideValues,
  uids: readonly number[],
): AsyncGenerator<MessageSummary> {
  for await (const [uid, octets] of values.read(uids)) {
    const summary = decodeSummary(uid, octets)
    if (summary !== undefined) yield summary
  }
}
