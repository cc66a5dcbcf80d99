import type { FetchItems } from './fetch.ts'
import type { MailboxListing } from './mailbox-list.ts'
import type { ResponseCode } from './response-code.ts'
import type { SearchAnswer, ThreadNode } from './search-data.ts'
import type { NamespaceAnswer } from './server-data.ts'
import type { NumberSet } from './values.ts'

/** resp-cond-state, resp-cond-bye and resp-cond-auth; untagged where there is no tag. */
export interface StatusResponse {
  readonly kind: 'status'
  readonly tag: string | undefined
  readonly condition: 'OK' | 'NO' | 'BAD' | 'BYE' | 'PREAUTH'
  readonly code: ResponseCode | undefined
  readonly text: string
}

/** continue-req: what stands behind the "+", whatever it is. */
export interface ContinueRequest {
  readonly kind: 'continue'
  readonly text: string
}

/** What an untagged response can tell. Octets are latin1 text, names of mailboxes are decoded from UTF-8. */
export type DataResponse =
  | { readonly kind: 'capability'; readonly names: readonly string[] }
  | { readonly kind: 'enabled'; readonly names: readonly string[] }
  | { readonly kind: 'flags'; readonly flags: readonly string[] }
  | ({ readonly kind: 'list' | 'lsub' } & MailboxListing)
  | {
      readonly kind: 'status-data'
      readonly mailbox: string
      /** Numbers by name; undefined for NIL. MAILBOXID is text. */
      readonly items: ReadonlyMap<string, bigint | string | undefined>
    }
  | { readonly kind: 'exists' | 'recent' | 'expunge'; readonly number: number }
  | {
      readonly kind: 'fetch'
      /** A message sequence number; a UID where `byUid` (RFC 9586 §3.2). */
      readonly number: number
      readonly byUid: boolean
      readonly items: FetchItems
    }
  | { readonly kind: 'vanished'; readonly earlier: boolean; readonly uids: NumberSet }
  | { readonly kind: 'search' | 'sort'; readonly numbers: readonly number[]; readonly modSequence?: bigint }
  | ({ readonly kind: 'esearch' } & SearchAnswer)
  | { readonly kind: 'thread'; readonly threads: readonly ThreadNode[] }
  | ({ readonly kind: 'namespace' } & NamespaceAnswer)
  | { readonly kind: 'id'; readonly fields: ReadonlyMap<string, string | undefined> | undefined }
  | {
      readonly kind: 'acl'
      readonly mailbox: string
      /** Rights by identifier. */
      readonly rights: ReadonlyMap<string, string>
    }
  | {
      readonly kind: 'listrights'
      readonly mailbox: string
      readonly identifier: string
      readonly required: string
      readonly optional: readonly string[]
    }
  | { readonly kind: 'myrights'; readonly mailbox: string; readonly rights: string }
  | {
      readonly kind: 'quota'
      readonly root: string
      readonly resources: ReadonlyMap<string, { readonly usage: bigint; readonly limit: bigint }>
    }
  | { readonly kind: 'quotaroot'; readonly mailbox: string; readonly roots: readonly string[] }
  | {
      readonly kind: 'metadata'
      readonly mailbox: string
      /** Values by entry; absent where the response only says which entries have changed. */
      readonly values?: ReadonlyMap<string, string | undefined>
      readonly entries: readonly string[]
    }
  | { readonly kind: 'language'; readonly tags: readonly string[] }
  | { readonly kind: 'comparator'; readonly active: string; readonly matching: readonly string[] }
  | { readonly kind: 'jmapaccess'; readonly url: string }

/** One response of a server. */
export type Response = StatusResponse | ContinueRequest | DataResponse
