// What an extension of IMAP is made of: types. docs/extending-imap.md tells how. Imported as `mailwright/imap`.
export type * from './arguments.ts'
export type * from './extension.ts'
export type * from './fetching.ts'
export type * from './listing.ts'
export type * from './searching.ts'
export type * from './selected.ts'
export type * from './session.ts'
