import type { ConnectionHooks } from './connection.ts'
import type { DataHooks } from './data.ts'
import type { DeliveryHooks } from './delivery.ts'
import type { EnvelopeHooks } from './envelope.ts'
import type { HookKind } from './kinds.ts'
import type { RetrievalHooks } from './retrieval.ts'

/** The five frozen groups of hooks, in the order in which a message meets them. */
export interface Hooks {
  readonly connection: ConnectionHooks
  readonly envelope: EnvelopeHooks
  readonly data: DataHooks
  readonly delivery: DeliveryHooks
  readonly retrieval: RetrievalHooks
}

type Catalogue = {
  readonly [Group in keyof Hooks]: {
    readonly [Name in keyof Hooks[Group]]: Hooks[Group][Name] extends { kind: infer Kind } ? Kind : HookKind
  }
}

/** Every hook with its kind. Adding one needs a decision record (docs/decisions). */
export const hookCatalogue: Catalogue = {
  connection: {
    claimClient: 'claim',
    checkClient: 'check',
    checkHello: 'check',
    unknownCommand: 'check',
    checkLogin: 'check',
    loggedIn: 'notify',
    loginFailed: 'notify',
    closed: 'notify',
  },
  envelope: {
    checkSender: 'check',
    checkRecipient: 'check',
    claimRecipient: 'claim',
  },
  data: {
    prepareMessage: 'rewrite',
    inspect: 'inspect',
    checkMessage: 'check',
    rewriteMessage: 'rewrite',
    accepted: 'notify',
  },
  delivery: {
    route: 'claim',
    sort: 'rewrite',
    deliver: 'claim',
    delivered: 'notify',
    deferred: 'notify',
    bounced: 'notify',
  },
  retrieval: {
    checkAccess: 'check',
    mailboxOpened: 'notify',
    messageStored: 'notify',
    messageFlagged: 'notify',
    messageExpunged: 'notify',
  },
}
