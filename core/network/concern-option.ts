import type { Concern } from '../model/concern.ts'
import type { OptionReader } from '../options.ts'
import { readNetworks } from './networks-option.ts'

/** The listeners that take mail. */
export type MailRole = 'transfer' | 'submission' | 'lmtp'

const mailRoles: readonly MailRole[] = ['transfer', 'submission', 'lmtp']

/** Whom a check of strangers is for, as a config says it. */
export interface MailConcern extends Concern {
  readonly roles: readonly MailRole[]
}

/** Reads the options `roles`, `exempt` and `ownClients`: where nothing is said, all strangers that are clients of `transfer`. */
export function readConcern(read: OptionReader): MailConcern {
  return {
    roles: read.choices('roles', mailRoles, { default: ['transfer'] }),
    exempt: readNetworks(read, 'exempt'),
    ownClients: read.boolean('ownClients', { default: false }),
  }
}
