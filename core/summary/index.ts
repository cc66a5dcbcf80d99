export { decodeSummary, encodeSummary, withUid } from './stored-summary.ts'
export { Summariser, summarise } from './summariser.ts'
export { isSummaryField } from './summary-fields.ts'
