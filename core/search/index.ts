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
