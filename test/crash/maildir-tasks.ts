import {
  type Account,
  type AccountStore,
  type AppendMessage,
  bufferContent,
  type Clock,
  createLog,
  type Mailbox,
  parseAddress,
  systemClock,
} from 'mailwright'
import { MaildirStore } from '../../plugins/maildir/account/maildir-store.ts'
import type { FileSystem } from '../../plugins/maildir/files/file-system.ts'

/** Says something that must be true from then on. */
export type Say = (line: string) => void

/** Ann's mail as one process has it. */
export interface OpenedMaildir {
  readonly mailboxes: AccountStore
  /** What a process does before it ends. */
  close(): Promise<void>
}

/** Something to do with mailboxes that may end at any moment. */
export type Task = (opened: OpenedMaildir, say: Say, name: string) => Promise<void>

/** What is known of a message to whoever was shown it. */
export interface ShownMessage {
  readonly uid: number
  readonly id: string
  readonly flags: readonly string[]
}

/** What a client was told of a mailbox at one moment. */
export interface ShownView {
  readonly mailbox: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly modSequence: number
  readonly messages: readonly ShownMessage[]
}

/** A message that shows where it was cut; larger than what is written at once where the label ends with `0`. */
export function crashMessage(label: string): string {
  const count = label.endsWith('0') ? 6000 : 20
  const lines = Array.from({ length: count }, (_, line) => `line ${line} of the message ${label}`)
  return `Subject: ${label}\r\n\r\n${lines.join('\r\n')}\r\nend of ${label}\r\n`
}

/** The machine's clock without timers: what is left for later is never begun. */
export const timeless: Clock = { ...systemClock, after: () => ({ cancel: () => undefined }) }

/** Ann's mail below a directory; deliveries are durable by a log where that is wanted. */
export async function openMaildir(
  root: string,
  files: FileSystem,
  clock: Clock,
  isLogged = false,
): Promise<OpenedMaildir> {
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  const account: Account = { id: 'ann', address }
  const store = new MaildirStore({
    root,
    path: '{user}',
    lineEnds: 'crlf',
    fullText: true,
    ...(isLogged && { deliveryLog: 'atOnce' as const }),
    pop3UidlFormat: '%08Xu%08Xv',
    files,
    announce: { stored() {}, flagged() {}, expunged() {} },
    clock,
    hostname: 'mail.example.org',
    log: createLog('silent'),
  })
  return { mailboxes: await store.open(account), close: () => store.close() }
}

export async function deliverLabel(mailboxes: AccountStore, label: string, mailbox = 'INBOX'): Promise<void> {
  const staged = await mailboxes.stage(mailbox, bufferContent(Buffer.from(crashMessage(label))))
  await staged.commit()
}

/** A message with flags, a keyword and a date of its own. */
export function labelledMessage(label: string): AppendMessage {
  return {
    content: bufferContent(Buffer.from(crashMessage(label))),
    flags: ['\\Seen', 'Label', label],
    internalDate: new Date('2001-02-03T04:05:06Z'),
  }
}

/** What a client is told of a mailbox that it looks at. */
export function shownView({ name, uidValidity, uidNext, highestModSequence, entries }: Mailbox): ShownView {
  const messages = entries.map(({ uid, id, flags }) => ({ uid, id, flags }))
  return { mailbox: name, uidValidity, uidNext, modSequence: highestModSequence, messages }
}

const show = (mailbox: Mailbox, say: Say): void => say(`view ${JSON.stringify(shownView(mailbox))}`)

/** Opens a mailbox, says what is in it, does something and says again. */
async function changing(
  { mailboxes }: OpenedMaildir,
  say: Say,
  change: (mailbox: Mailbox, uids: readonly number[]) => Promise<unknown>,
): Promise<void> {
  const mailbox = await mailboxes.openMailbox('INBOX')
  show(mailbox, say)
  await change(
    mailbox,
    mailbox.entries.map(({ uid }) => uid),
  )
  show(mailbox, say)
  say('done')
}

/** So long that a few changes of them fill what an index takes before it is written anew. */
export function longKeywords(round: number): readonly string[] {
  return Array.from({ length: 100 }, (_, at) => `k${round}-${at}-${'x'.repeat(40)}`)
}

const messageTasks = {
  async deliver({ mailboxes }, say, name) {
    for (let count = 0; count < 3; count++) {
      await deliverLabel(mailboxes, `${name}-${count}`)
      say(`${name}-${count}`)
    }
  },
  async deliverLogged({ mailboxes, close }, say, name) {
    for (const count of [1, 2]) {
      await deliverLabel(mailboxes, `${name}-${count}`)
      say(`${name}-${count}`)
    }
    const mailbox = await mailboxes.openMailbox('INBOX')
    const [first = 0, second = 0] = mailbox.entries.map(({ uid }) => uid)
    await mailbox.expunge([first])
    say('expunged')
    await mailbox.move([second], 'Archive')
    say('moved')
    await close()
  },
  async flood({ mailboxes }, _say, name) {
    const deliver = async (lane: number): Promise<void> => {
      for (let count = 0; ; count++) {
        await deliverLabel(mailboxes, `${name}-${lane}-${count}`)
        _say(`${name}-${lane}-${count}`)
      }
    }
    await Promise.all(Array.from({ length: 6 }, (_, lane) => deliver(lane)))
  },
  async deliverAndEnd({ mailboxes, close }, say, name) {
    for (const count of [1, 2]) {
      await deliverLabel(mailboxes, `${name}-${count}`)
      say(`${name}-${count}`)
    }
    await close()
  },
  async open(opened, say) {
    await changing(opened, say, async () => undefined)
  },
  async flag(opened, say) {
    await changing(opened, say, (mailbox, uids) => mailbox.changeFlags(uids, { add: ['\\Seen'] }))
  },
  async keyword(opened, say) {
    await changing(opened, say, async (mailbox, uids) => {
      await mailbox.changeFlags(uids.slice(0, 3), { add: ['Paid', '\\Flagged'] })
      show(mailbox, say)
      await mailbox.changeFlags(uids, { set: ['paid', 'Later'] })
      show(mailbox, say)
      await mailbox.changeFlags(uids.slice(2), { remove: ['Paid', '\\Flagged'] })
    })
  },
  async unchangedSince(opened, say) {
    await changing(opened, say, async (mailbox, uids) => {
      const unchangedSince = mailbox.highestModSequence
      await mailbox.changeFlags(uids.slice(1, 2), { add: ['\\Answered'] })
      show(mailbox, say)
      const outcome = await mailbox.changeFlags(uids, { add: ['Once'] }, { unchangedSince })
      if (outcome.modified.length !== 1 || outcome.entries.length !== uids.length - 1)
        throw new Error('the condition did not hold')
    })
  },
  async expunge(opened, say) {
    await changing(opened, say, (mailbox, uids) => mailbox.expunge(uids.slice(0, 3)))
  },
  async move(opened, say) {
    await changing(opened, say, (mailbox, uids) => mailbox.move(uids.slice(0, 3), 'Archive'))
    await opened.close()
  },
  async copy(opened, say) {
    await changing(opened, say, (mailbox, uids) => mailbox.copy(uids.slice(1, 4), 'Archive'))
    await opened.close()
  },
  async append({ mailboxes, close }, say, name) {
    const labels = ['1', '2', '3'].map((count) => `${name}-${count}`)
    const { uids } = await mailboxes.append('INBOX', labels.map(labelledMessage))
    say(JSON.stringify(uids))
    show(await mailboxes.openMailbox('INBOX'), say)
    await close()
  },
  async fold(opened, say) {
    await changing(opened, say, async (mailbox, uids) => {
      for (const round of [1, 2]) {
        await mailbox.changeFlags(uids, { set: longKeywords(100 + round) })
        show(mailbox, say)
      }
    })
    // Only then is it written anew.
    await opened.close()
  },
  async list(opened, say) {
    await changing(opened, say, async (mailbox, uids) => {
      for await (const { uid, header } of mailbox.summaries(uids))
        say(`summary ${uid} ${header.first('subject')?.text}`)
      await mailbox.search({ kind: 'body', text: 'of the message a-3' })
    })
  },
} as const satisfies Readonly<Record<string, Task>>

const mailboxTasks = {
  async settings({ mailboxes }, say) {
    await mailboxes.subscribe('Archive', true)
    say('subscribed')
    await mailboxes.setSpecialUse('Archive', '\\Archive')
    say('used')
    const changes = { '/private/comment': 'one', '/shared/comment': 'two' }
    const metadata = new Map(Object.entries(changes).map(([name, text]) => [name, Buffer.from(text)]))
    await mailboxes.setMetadata('Archive', metadata)
    say('annotated')
    await mailboxes.setMetadata(undefined, metadata)
    say('account')
    await mailboxes.subscribe('Old', false)
    say('unsubscribed')
  },
  async create({ mailboxes }, say) {
    await mailboxes.createMailbox('Work/Bills', { specialUse: '\\Archive' })
    say('done')
  },
  async rename({ mailboxes }, say) {
    await mailboxes.renameMailbox('Work', 'Play')
    say('done')
  },
  async remove({ mailboxes }, say) {
    await mailboxes.deleteMailbox('Work')
    say('done')
  },
} as const satisfies Readonly<Record<string, Task>>

/** Whether a task is about the log of deliveries. */
export function isLogged(task: string): boolean {
  return task.endsWith('Logged')
}

export const tasks: Readonly<Record<keyof typeof messageTasks | keyof typeof mailboxTasks, Task>> = {
  ...messageTasks,
  ...mailboxTasks,
}
