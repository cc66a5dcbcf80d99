import { type Content, encodeSummary, signText, summarise } from 'mailwright/summaries'
import type { MessageWork } from './file-batch-task.ts'

/** Makes of a message what is kept beside the index; the same in whatever thread. */
export const sideValueMaking: Readonly<Record<MessageWork, (content: Content) => Promise<Buffer>>> = {
  /** What lists show: header, structure, preview. */
  summary: async (content) => encodeSummary(await summarise(0, content)),
  /** What a search for texts needs to leave messages out. */
  signature: signText,
}
