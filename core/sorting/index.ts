export { type BaseSubject, baseSubject } from './base-subject.ts'
export { type SortCriterion, type SortKey, sortMessages } from './sort-messages.ts'
export { unicodeCasemap } from './unicode-casemap.ts'
