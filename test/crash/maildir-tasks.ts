import {
  type Account,
  type AccountStore,
  bufferContent,
  createLog,
  parseAddress,
  systemClock,
} from 'mailwright'
import type { FileSystem } from '../../plugins/maildir/file-system.ts'
import { MaildirStore } from '../../plugins/maildir/maildir-store.ts'

/** Says something that must be true from then on. */
export type Say = (line: string) => void

/** Something to do with a mailbox that may end at any moment. */
export type Task = (mailboxes: AccountStore, say: Say, name: string) => Promise<void>

/** A message that shows where it was cut; larger than what is written at once where the label ends with `0`. */
export function crashMessage(label: string): string {
  const count = label.endsWith('0') ? 6000 : 20
  const lines = Array.from({ length: count }, (_, line) => `line ${line} of the message ${label}`)
  return `Subject: ${label}\r\n\r\n${lines.join('\r\n')}\r\nend of ${label}\r\n`
}

/** Ann's mail below a directory. */
export function openMaildir(root: string, files: FileSystem): Promise<AccountStore> {
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  const account: Account = { id: 'ann', address }
  const store = new MaildirStore({
    root,
    path: '{user}',
    lineEnds: 'crlf',
    fullText: true,
    pop3UidlFormat: '%08Xu%08Xv',
    files,
    announce: { stored() {}, flagged() {}, expunged() {} },
    clock: systemClock,
    hostname: 'mail.example.org',
    log: createLog('silent'),
  })
  return store.open(account)
}

export async function deliverLabel(mailboxes: AccountStore, label: string, mailbox = 'INBOX'): Promise<void> {
  const staged = await mailboxes.stage(mailbox, bufferContent(Buffer.from(crashMessage(label))))
  await staged.commit()
}

export const tasks: Readonly<Record<'deliver' | 'flood' | 'open' | 'flag' | 'expunge' | 'move', Task>> = {
  async deliver(mailboxes, say, name) {
    for (let count = 0; count < 3; count++) {
      await deliverLabel(mailboxes, `${name}-${count}`)
      say(`${name}-${count}`)
    }
  },
  async flood(mailboxes, say, name) {
    const deliver = async (lane: number): Promise<void> => {
      for (let count = 0; ; count++) {
        await deliverLabel(mailboxes, `${name}-${lane}-${count}`)
        say(`${name}-${lane}-${count}`)
      }
    }
    await Promise.all(Array.from({ length: 6 }, (_, lane) => deliver(lane)))
  },
  async open(mailboxes, say) {
    const { uidValidity, entries } = await mailboxes.openMailbox('INBOX')
    for (const { uid, id } of entries) say(`${uidValidity} ${uid} ${id}`)
  },
  async flag(mailboxes, say) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    const uids = mailbox.entries.map(({ uid }) => uid)
    await mailbox.changeFlags(uids, { add: ['\\Seen'] })
    say('done')
  },
  async expunge(mailboxes, say) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    const uids = mailbox.entries.map(({ uid }) => uid)
    await mailbox.expunge(uids.slice(0, 3))
    say('done')
  },
  async move(mailboxes, say) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    const uids = mailbox.entries.map(({ uid }) => uid)
    await mailbox.move(uids.slice(0, 3), 'Archive')
    say('done')
  },
}
