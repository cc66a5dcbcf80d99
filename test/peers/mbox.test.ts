import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mailbox, readAll } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MailboxLocks } from '../../plugins/mbox/mailbox-lock.ts'
import { startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { createTestMbox, type TestMbox } from '../support/stores/mbox.ts'

const procmail = requirePeer('procmail')
const maildrop = requirePeer('maildrop')
const mutt = requirePeer('mutt')
const script = requirePeer('script')
const python = requirePeer('python3')
const dovecot = requirePeerModule('doveadm', 'dovecot-imapd')

let box: TestMbox

beforeEach(async () => {
  box = await createTestMbox()
})
afterEach(() => box.remove())

const message = (subject: string): string =>
  `From: a@example.org\nSubject: ${subject}\n\nbody of ${subject}\n\nFrom here on it goes on.\n`
const asCrlf = (text: string): string => text.replaceAll('\n', '\r\n')
const inbox = (): Promise<Mailbox> => box.mailboxes.openMailbox('INBOX')
const file = (name = 'inbox'): string => join(box.path, name)

async function run(program: string, words: readonly string[], stdin = ''): Promise<Finished> {
  const finished = await runProcess(program, words, {
    folder: box.path,
    stdin,
    env: { HOME: box.path, TERM: 'xterm', MAIL: file(), DEFAULT: file() },
  })
  expect(finished.code, finished.stderr).toBe(0)
  return finished
}

/** Texts in the order of the UIDs. */
async function textsOf(mailbox: Mailbox): Promise<readonly string[]> {
  const texts: string[] = []
  for (const { uid, size } of mailbox.entries) {
    const text = (await readAll(await mailbox.content(uid))).toString('latin1')
    expect(text.length, `UID ${uid}`).toBe(size)
    texts.push(text)
  }
  return texts
}

function subjectsOf(texts: readonly string[]): readonly string[] {
  return texts.map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1] ?? '')
}

/** Reads as long as something else is going on; no UID may change its message, come back, or vanish for a while. */
async function watching<T>(mailbox: Mailbox, work: Promise<T>): Promise<T> {
  const texts = new Map<number, string>()
  let running = true
  const watch = async (): Promise<void> => {
    for (let last = false; !last; ) {
      last = !running
      await mailbox.refresh()
      const now = new Set(mailbox.entries.map(({ uid }) => uid))
      for (const uid of texts.keys()) expect(now.has(uid), `UID ${uid} vanished`).toBe(true)
      for (const uid of now) {
        const text = (await readAll(await mailbox.content(uid))).toString('latin1')
        expect(texts.get(uid) ?? text, `UID ${uid}`).toBe(text)
        texts.set(uid, text)
      }
    }
  }
  const worked = work.finally(() => {
    running = false
  })
  const [done] = await Promise.all([worked, watch()])
  return done
}

const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, number) => `${name}-${number}`)

describe.runIf(procmail.available && maildrop.available)(`${procmail.title}, ${maildrop.title}`, () => {
  it('deliver beside us while we read and flag: no message is lost or torn', async () => {
    await writeFile(file('procmailrc'), `DEFAULT=${file()}\nLOCKSLEEP=1\n:0:\n${file()}\n`)
    await writeFile(file('filter'), `to "${file()}"\n`, { mode: 0o600 })
    const mailbox = await inbox()
    const other = await (await box.again()).openMailbox('INBOX')
    const flag = async (): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        await other.refresh()
        const uids = other.entries.map(({ uid }) => uid)
        await other.changeFlags(uids, round % 2 === 0 ? { add: ['\\Seen', 'round'] } : { remove: ['\\Seen'] })
      }
    }
    const [ours, theirs, drops] = [numbered('ours', 8), numbered('procmail', 8), numbered('maildrop', 8)]
    await watching(
      mailbox,
      Promise.all([
        ...ours.map((subject) => box.deliver(asCrlf(message(subject)))),
        ...theirs.map((subject) =>
          run('procmail', ['-f', 'a@example.org', '-m', file('procmailrc')], message(subject)),
        ),
        ...drops.map((subject) => run('maildrop', [file('filter')], message(subject))),
        flag(),
      ]),
    )
    const texts = await textsOf(mailbox)
    expect([...texts].sort()).toEqual(
      [...ours, ...theirs, ...drops].map((each) => asCrlf(message(each))).sort(),
    )
    const told = box.retrieval.changes.filter(
      ({ kind, change }) => kind === 'stored' && change.cause === 'external',
    )
    expect(told.flatMap(({ change }) => change.uids)).toHaveLength(16)
    expect(box.retrieval.changes.filter(({ kind }) => kind === 'expunged')).toEqual([])
    expect(await box.store.examine(box.account, { repair: false })).toEqual([])
  })
})

describe.runIf(mutt.available && script.available)(`${mutt.title}, ${script.title}`, () => {
  const keys = async (push: string): Promise<void> => {
    const settings = [
      // A question at the start would swallow the keys.
      `set folder="${file('mail')}" tmpdir="${box.path}"`,
      'set mbox_type=mbox quit=yes delete=yes wait_key=no beep=no move=no mark_old=no confirmappend=no',
      `push "${push}"`,
    ]
    await writeFile(file('muttrc'), `${settings.join('\n')}\n`)
    // In a process group of its own, which is what timeout makes otherwise, mutt may not read the terminal.
    const command = `timeout --foreground 30 mutt -n -F '${file('muttrc')}' -f '${file()}'`
    await run('script', ['-qec', command, '/dev/null'])
  }

  const tagged = (pattern: string, action: string): string =>
    `<tag-pattern>${pattern}<enter><tag-prefix>${action}<untag-pattern>~A<enter>`

  it('reads, flags and deletes messages that we have open, and sees our flags', async () => {
    for (const subject of ['one', 'two', 'three', 'four']) await box.deliver(asCrlf(message(subject)))
    const mailbox = await inbox()
    await mailbox.changeFlags([2], { add: ['\\Answered', 'work'] })
    await keys(`${tagged('~s one', '<flag-message>')}<delete-pattern>~s three<enter><sync-mailbox><exit>`)
    await mailbox.refresh()
    const flags = (): unknown => mailbox.entries.map((entry) => [entry.uid, ...entry.flags])
    expect(flags()).toEqual([[1, '\\Flagged'], [2, '\\Answered', 'work'], [4]])
    const texts = ['one', 'two', 'four'].map((each) => asCrlf(message(each)))
    expect(await textsOf(mailbox)).toEqual(texts)
    await mailbox.changeFlags([4], { add: ['\\Seen'] })
    await keys(`<delete-pattern>~F<enter><delete-pattern>~Q<enter><sync-mailbox><exit>`)
    await mailbox.refresh()
    expect(flags()).toEqual([[4, '\\Seen']])
    expect(await textsOf(mailbox)).toEqual(texts.slice(2))
    const expunged = box.retrieval.changes.filter(({ kind }) => kind === 'expunged')
    expect(expunged.map(({ change }) => [change.cause, ...change.uids])).toEqual([
      ['external', 3],
      ['external', 1, 2],
    ])
  })

  it('saves messages into other mailboxes, which then have UIDs of their own', async () => {
    for (const subject of ['one', 'two']) await box.deliver(asCrlf(message(subject)))
    await (await inbox()).changeFlags([2], { add: ['\\Seen'] })
    await box.mailboxes.createMailbox('Work')
    await box.deliver(asCrlf(message('there')), 'Work')
    const work = await box.mailboxes.openMailbox('Work')
    await keys(`${tagged('~s two', '<save-message>=Work<enter>')}<sync-mailbox><exit>`)
    await work.refresh()
    expect(work.entries.map(({ uid, flags }) => [uid, ...flags])).toEqual([[1], [2, '\\Seen']])
    expect(await textsOf(work)).toEqual(['there', 'two'].map((each) => asCrlf(message(each))))
    expect(await box.store.examine(box.account, { repair: false })).toEqual([])
  })
})

describe.runIf(procmail.available && python.available)(
  `lockfile of ${procmail.title}, lockf of ${python.title}`,
  () => {
    const impatient = (): MailboxLocks => new MailboxLocks({ ...box.options, lockTimeout: 100 })
    const lockfile = ['-1', '-r', '0', '-l', '1024']
    // Holds the lock until its input ends.
    const lockf = `import fcntl, sys
with open(sys.argv[1], "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("locked", flush=True)
    sys.stdin.read()`

    it('keep us out', async () => {
      await run('lockfile', [...lockfile, file('inbox.lock')])
      await expect(impatient().acquire(file(), 'exclusive')).rejects.toMatchObject({
        code: 'MAIL_E_UNAVAILABLE',
      })
      await (await impatient().acquire(file(), 'shared')).release()
      await rm(file('inbox.lock'), { force: true })
      await (await impatient().acquire(file(), 'exclusive')).release()
      const holder = spawn('python3', ['-c', lockf, file()], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(holder.stdout, 'data')
      for (const kind of ['exclusive', 'shared'] as const)
        await expect(impatient().acquire(file(), kind)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
      holder.stdin.end()
      await once(holder, 'close')
      await (await impatient().acquire(file(), 'exclusive')).release()
    })

    it('are kept out by us', async () => {
      const attempts = async (): Promise<readonly (number | null)[]> => {
        const options = { folder: box.path }
        const dotLock = await runProcess('lockfile', [...lockfile, file('inbox.lock')], options)
        const fcntlLock = await runProcess('python3', ['-c', lockf, file()], options)
        return [dotLock.code, fcntlLock.code]
      }
      const locked = await impatient().acquire(file(), 'exclusive')
      expect(await attempts()).toEqual([73, 1])
      await locked.release()
      expect(await attempts()).toEqual([0, 0])
    })
  },
)

describe.runIf(python.available)(`${python.title} mailbox.mbox`, () => {
  const program = join(projectFolder, 'test/peers/mbox.py')

  it('reads what we wrote', async () => {
    await box.deliver(asCrlf(message('one')), 'INBOX', { flags: ['\\Seen', '\\Flagged', 'label'] })
    await box.deliver(asCrlf(message('two')))
    const { stdout } = await run('python3', [program, 'read', file()])
    expect(JSON.parse(stdout)).toEqual([
      { subject: 'one', flags: 'RF', body: 'body of one\n\n>From here on it goes on.\n' },
      { subject: 'two', flags: '', body: 'body of two\n\n>From here on it goes on.\n' },
    ])
  })

  it('writes, flags and deletes what we then read', async () => {
    for (const subject of ['ours', 'gone', 'kept']) await box.deliver(asCrlf(message(subject)))
    const mailbox = await inbox()
    await run('python3', [program, 'write', file()])
    await mailbox.refresh()
    expect(subjectsOf(await textsOf(mailbox))).toEqual(['ours', 'kept', 'theirs'])
    expect(mailbox.entries.map(({ uid, flags }) => [uid, ...flags])).toEqual([
      [1, '\\Answered', '\\Seen'],
      [3, '\\Answered', '\\Seen'],
      [4, '\\Flagged'],
    ])
  })

  it('adds messages beside us', async () => {
    const mailbox = await inbox()
    const ours = numbered('ours', 20)
    const deliver = async (): Promise<void> => {
      for (const subject of ours) await box.deliver(asCrlf(message(subject)))
    }
    await Promise.all([run('python3', [program, 'add', file(), '20']), deliver()])
    await mailbox.refresh()
    expect([...subjectsOf(await textsOf(mailbox))].sort()).toEqual(
      [...ours, ...numbered('python', 20)].sort(),
    )
  })
})

describe.runIf(dovecot.available)(`${dovecot.title} on mbox files`, () => {
  it('numbers and flags messages as we do, whoever was first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-dovecot-'))
    const place = join(folder, 'example.org/ann')
    await using mail = await startDovecotMail(folder, {
      settings: `mail_location = mbox:${place}/mail:INBOX=${place}/inbox:INDEX=MEMORY\nmbox_lazy_writes = no`,
    })
    const { uid, gid } = await stat(mail.maildir)
    for (const each of [join(folder, 'example.org'), place, join(place, 'mail')]) {
      await mkdir(each, { recursive: true })
      await chown(each, uid, gid)
    }
    const doveadm = async (...words: readonly string[]): Promise<string> => {
      const finished = await mail.doveadm(...words)
      expect(finished.code, finished.stderr).toBe(0)
      return finished.stdout
    }
    for (const subject of ['gone', 'one', 'two']) {
      await writeFile(join(folder, 'message'), asCrlf(message(subject)))
      await chmod(join(folder, 'message'), 0o644)
      await doveadm('save', '-u', mail.user, '-m', 'INBOX', join(folder, 'message'))
    }
    await doveadm('flags', 'add', '-u', mail.user, '\\Answered work', 'mailbox', 'INBOX', 'uid', '3')
    await doveadm('expunge', '-u', mail.user, 'mailbox', 'INBOX', 'uid', '1')
    const status = async (): Promise<string> =>
      doveadm('-f', 'tab', 'mailbox', 'status', '-u', mail.user, 'uidvalidity uidnext', 'INBOX')
    const listed = (): Promise<string> =>
      doveadm('-f', 'tab', 'fetch', '-u', mail.user, 'uid flags', 'mailbox', 'INBOX', 'all')
    const told = (await status()).split('\n')[1]?.split('\t') ?? []
    const [, uidNext, uidValidity] = told.map(Number)
    const ours = await createTestMbox({ root: folder })
    const mailbox = await ours.mailboxes.openMailbox('INBOX')
    expect([mailbox.uidValidity, mailbox.uidNext]).toEqual([uidValidity, uidNext])
    expect(mailbox.entries.map((entry) => [entry.uid, ...entry.flags])).toEqual([
      [2],
      [3, '\\Answered', 'work'],
    ])
    expect(await textsOf(mailbox)).toEqual(['one', 'two'].map((each) => asCrlf(message(each))))
    await mailbox.changeFlags([2], { add: ['\\Seen', 'other'] })
    await ours.deliver(asCrlf(message('three')))
    await mailbox.refresh()
    expect((await status()).split('\n')[1]).toBe(`INBOX\t5\t${uidValidity}`)
    expect(
      (await listed())
        .replaceAll(/ ?\\Recent ?/g, ' ')
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['uid\tflags', '2\t\\Seen other', '3\t\\Answered work', '4', ''])
    await doveadm('flags', 'add', '-u', mail.user, '\\Flagged', 'mailbox', 'INBOX', 'uid', '4')
    await mailbox.refresh()
    expect(mailbox.entries.map((entry) => [entry.uid, ...entry.flags])).toEqual([
      [2, '\\Seen', 'other'],
      [3, '\\Answered', 'work'],
      [4, '\\Flagged'],
    ])
    expect(await textsOf(mailbox)).toEqual(['one', 'two', 'three'].map((each) => asCrlf(message(each))))
    expect(await ours.store.examine(ours.account, { repair: false })).toEqual([])
    await ours.remove()
  })
})
