/**
 * What a thread needs to make summaries and signatures of messages. It is a part of `mailwright` that is loaded in a tenth of
 * the time, for stores that leave this work to threads of their own.
 *
 * @module
 */
export { bufferContent, type Content } from './model/content.ts'
export { signText } from './search/text-signature.ts'
export { encodeSummary } from './summary/stored-summary.ts'
export { summarise } from './summary/summariser.ts'
