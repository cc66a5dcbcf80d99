import type { Account } from 'mailwright'

/**
 * Holds the public mailboxes. No accounts plugin of ours gives such an id (those of accounts-file begin with a letter or
 * digit, as those do that are made), and no domain of the address can be anybody's.
 */
export const publicAccount: Account = {
  id: '.shared',
  address: { localPart: 'shared', domain: 'invalid' },
}

/** Its Maildir, below the root. No account's directory begins with a dot. */
export const publicPath = '.shared/Maildir'
