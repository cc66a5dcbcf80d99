// For stores: searches, orders and threads that every store answers alike. Imported as `mailwright/search`.
export * from '../sorting/index.ts'
export * from '../threading/index.ts'
export { foldText } from './fold-text.ts'
export { type SearchSource, searchEntries } from './search-entries.ts'
export { decideByFacts } from './search-facts.ts'
export {
  type FoldedNeedle,
  foldedNeedle,
  mayContain,
  signText,
  TextSignatureBuilder,
} from './text-signature.ts'
