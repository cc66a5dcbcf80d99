import { accounts } from './accounts.ts'
import { certificates } from './certificates.ts'
import { classifier } from './classifier.ts'
import { database } from './database.ts'
import { history } from './history.ts'
import { imapExtensions } from './imap-extensions.ts'
import { issuedCertificates } from './issued-certificates.ts'
import type { ServiceKey } from './key.ts'
import { nextHops } from './next-hops.ts'
import { notifier } from './notifier.ts'
import { queue } from './queue.ts'
import { resolver } from './resolver.ts'
import { statusNotifications } from './status-notifications.ts'
import { store } from './store.ts'
import { tokens } from './tokens.ts'

/** Every service that the framework knows, for messages and the documents. */
export const serviceCatalogue: readonly ServiceKey<unknown>[] = [
  accounts,
  certificates,
  classifier,
  database,
  history,
  imapExtensions,
  issuedCertificates,
  nextHops,
  notifier,
  queue,
  resolver,
  statusNotifications,
  store,
  tokens,
]
