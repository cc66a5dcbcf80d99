import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mailbox, readAll } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { createTestMaildir, type TestMaildir } from '../support/stores/maildir.ts'

const procmail = requirePeer('procmail')
const maildrop = requirePeer('maildrop')
const mutt = requirePeer('mutt')
const script = requirePeer('script')
const python = requirePeer('python3')

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
})
afterEach(() => box.remove())

const message = (subject: string): string =>
  `From: a@example.org\nSubject: ${subject}\n\nbody of ${subject}\n`
const asCrlf = (text: string): string => text.replaceAll('\n', '\r\n')
const inbox = (): Promise<Mailbox> => box.mailboxes.openMailbox('INBOX')

async function run(program: string, words: readonly string[], stdin = ''): Promise<Finished> {
  const finished = await runProcess(program, words, {
    folder: box.path,
    stdin,
    env: { HOME: box.path, TERM: 'xterm', MAILDIR: box.path },
  })
  expect(finished.code, finished.stderr).toBe(0)
  return finished
}

/** Texts by UID. */
async function textsOf(mailbox: Mailbox): Promise<Map<number, string>> {
  const texts = new Map<number, string>()
  for (const { uid } of mailbox.entries)
    texts.set(uid, (await readAll(await mailbox.content(uid))).toString())
  return texts
}

/** Reads as long as something else is going on; no UID may change its message, come back, or vanish for a while. */
async function watching<T>(mailbox: Mailbox, work: Promise<T>, { removals = false } = {}): Promise<T> {
  const ids = new Map<number, string>()
  const gone = new Set<number>()
  let running = true
  const watch = async (): Promise<void> => {
    for (let last = false; !last; ) {
      last = !running
      await mailbox.refresh()
      const now = new Map(mailbox.entries.map(({ uid, id }) => [uid, id]))
      expect(new Set(now.values()).size, 'no message twice').toBe(now.size)
      for (const [uid, id] of now) {
        expect(ids.get(uid) ?? id, `UID ${uid}`).toBe(id)
        expect(gone.has(uid), `UID ${uid} came back`).toBe(false)
        ids.set(uid, id)
      }
      for (const uid of ids.keys()) if (!now.has(uid)) gone.add(uid)
      if (!removals) expect([...gone], 'nothing vanished').toEqual([])
    }
  }
  const worked = work.finally(() => {
    running = false
  })
  const [done] = await Promise.all([worked, watch()])
  return done
}

describe.runIf(procmail.available)(procmail.title, () => {
  it('delivers beside us while we read', async () => {
    await writeFile(join(box.path, 'procmailrc'), `DEFAULT=${box.path}/\nLOGFILE=${box.path}/procmail.log\n`)
    const subjects = Array.from({ length: 20 }, (_, index) => `p${index}`)
    const mailbox = await inbox()
    await watching(
      mailbox,
      Promise.all(
        subjects.map(async (subject) => {
          await box.deliver(asCrlf(message(`ours ${subject}`)))
          await run('procmail', ['-m', join(box.path, 'procmailrc')], message(subject))
        }),
      ),
    )
    const texts = await textsOf(mailbox)
    expect([...texts.values()].toSorted()).toEqual(
      subjects
        .flatMap((subject) => [asCrlf(message(subject)), asCrlf(message(`ours ${subject}`))])
        .toSorted(),
    )
    for (const { uid, size } of mailbox.entries) expect(size).toBe(texts.get(uid)?.length)
    const told = box.retrieval.changes.filter(({ change }) => change.cause === 'external')
    expect(told.flatMap(({ change }) => change.uids)).toHaveLength(subjects.length)
  })
})

describe.runIf(maildrop.available)(maildrop.title, () => {
  it('delivers into mailboxes that it or we have made', async () => {
    await run('maildirmake.maildrop', ['-f', 'Work.Bills', box.path])
    await box.mailboxes.createMailbox('Tom & Jerry')
    await writeFile(
      join(box.path, 'filter'),
      `if (/^Subject: bill/)\n{\n  to "${box.path}/.Work.Bills/"\n}\nto "${box.path}/.Tom &- Jerry/"\n`,
      { mode: 0o600 },
    )
    await run('maildrop', [join(box.path, 'filter')], message('bill'))
    await run('maildrop', [join(box.path, 'filter')], message('cartoon'))
    expect(await box.mailboxNames()).toEqual(['INBOX', 'Tom & Jerry', 'Work/Bills'])
    for (const [name, subject] of [
      ['Work/Bills', 'bill'],
      ['Tom & Jerry', 'cartoon'],
    ] as const) {
      const mailbox = await box.mailboxes.openMailbox(name)
      expect([...(await textsOf(mailbox)).values()]).toEqual([asCrlf(message(subject))])
    }
  })
})

describe.runIf(mutt.available && script.available)(`${mutt.title}, ${script.title}`, () => {
  const keys = async (push: string): Promise<void> => {
    const settings = [
      // A question at the start would swallow the keys.
      `set folder="${box.path}" tmpdir="${box.path}/tmp"`,
      'set mbox_type=Maildir quit=yes delete=yes wait_key=no beep=no move=no',
      `push "${push}"`,
    ]
    await writeFile(join(box.path, 'muttrc'), `${settings.join('\n')}\n`)
    // In a process group of its own, which is what timeout makes otherwise, mutt may not read the terminal.
    const command = `timeout --foreground 30 mutt -n -F '${box.path}/muttrc' -f '${box.path}'`
    await run('script', ['-qec', command, '/dev/null'])
  }

  const tagged = (pattern: string, action: string): string =>
    `<tag-pattern>${pattern}<enter><tag-prefix>${action}<untag-pattern>~A<enter>`

  it('moves, flags and deletes messages that we have open', async () => {
    for (const subject of ['one', 'two', 'three', 'four']) await box.deliver(asCrlf(message(subject)))
    const mailbox = await inbox()
    await mailbox.changeFlags([2], { add: ['\\Answered'] })
    await keys(`${tagged('~s one', '<flag-message>')}<delete-pattern>~s three<enter><sync-mailbox><exit>`)
    await mailbox.refresh()
    expect(mailbox.entries.map(({ uid, flags }) => [uid, ...flags])).toEqual([
      [1, '\\Flagged'],
      [2, '\\Answered'],
      [4],
    ])
    await mailbox.changeFlags([4], { add: ['\\Deleted'] })
    await keys(`${tagged('~A', '<undelete-message>')}<sync-mailbox><exit>`)
    await mailbox.refresh()
    expect(mailbox.entries.map(({ uid, flags }) => [uid, ...flags])).toEqual([
      [1, '\\Flagged'],
      [2, '\\Answered'],
      [4],
    ])
    expect([...(await textsOf(mailbox)).values()]).toEqual(
      ['one', 'two', 'four'].map((each) => asCrlf(message(each))),
    )
  })

  it('opens the mailbox again and again while we read, flag and deliver', async () => {
    for (let count = 0; count < 10; count++) await box.deliver(asCrlf(message(`first ${count}`)))
    const mailbox = await inbox()
    const uids = mailbox.entries.map(({ uid }) => uid)
    const play = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        await keys(`${tagged('~A', '<flag-message>')}<sync-mailbox><sync-mailbox><exit>`)
        await box.deliver(asCrlf(message(`later ${round}`)))
      }
    }
    const flag = async (): Promise<void> => {
      const other = await (await box.again()).openMailbox('INBOX')
      for (let round = 0; round < 60; round++)
        await other.changeFlags(uids, round % 2 === 0 ? { add: ['\\Answered'] } : { remove: ['\\Answered'] })
    }
    await watching(mailbox, Promise.all([play(), flag()]))
    expect(mailbox.entries).toHaveLength(15)
    for (const text of (await textsOf(mailbox)).values()) expect(text).toMatch(/^From: a@example.org\r\n/)
  })
})

describe('mv', () => {
  // Every message wanders from new to cur and through all flags, as fast as the shell can.
  const wander = `
for round in 1 2 3; do
  for file in new/*; do [ -f "$file" ] && mv "$file" "cur/\${file#new/}:2,"; done
  for letters in S FS FRS RS ''; do
    for file in cur/*:2,*; do mv "$file" "\${file%%:2,*}:2,$letters" 2>/dev/null || true; done
  done
  for file in cur/*:2,*; do base=\${file#cur/}; mv "$file" "new/\${base%%:2,*}" 2>/dev/null || true; done
done`

  it('moves files under our hands: nothing is lost, doubled or told as gone', async () => {
    for (let count = 0; count < 25; count++) await box.deliver(asCrlf(message(`m${count}`)))
    const mailbox = await inbox()
    const uids = mailbox.entries.map(({ uid }) => uid)
    const read = async (): Promise<void> => {
      for (const uid of uids) {
        const text = (await readAll(await mailbox.content(uid))).toString()
        expect(text).toBe(asCrlf(message(`m${uid - 1}`)))
      }
    }
    const flag = async (): Promise<void> => {
      const other = await (await box.again()).openMailbox('INBOX')
      for (const uid of uids) {
        const { entries } = await other.changeFlags([uid], { add: ['\\Draft'] })
        expect(entries).toHaveLength(1)
      }
    }
    await watching(mailbox, Promise.all([run('sh', ['-c', wander]), read(), flag()]))
    expect(mailbox.entries.map(({ uid }) => uid)).toEqual(uids)
    expect(box.retrieval.changes.filter(({ kind }) => kind === 'expunged')).toEqual([])
  })

  it('moves files that are being expunged: what is expunged stays gone, the rest stays', async () => {
    for (let count = 0; count < 25; count++) await box.deliver(asCrlf(message(`m${count}`)))
    const mailbox = await inbox()
    const other = await (await box.again()).openMailbox('INBOX')
    const even = other.entries.map(({ uid }) => uid).filter((uid) => uid % 2 === 0)
    const expunge = async (): Promise<void> => {
      expect(await other.expunge(even.slice(0, 5))).toEqual(even.slice(0, 5))
      for (const uid of even.slice(5)) expect(await other.expunge([uid])).toEqual([uid])
    }
    await watching(mailbox, Promise.all([run('sh', ['-c', wander]), expunge()]), { removals: true })
    expect(mailbox.entries.map(({ uid }) => uid)).toEqual(
      Array.from({ length: 13 }, (_, index) => 2 * index + 1),
    )
    expect(await box.files()).toHaveLength(13)
  })
})

describe.runIf(python.available)(`${python.title} mailbox.Maildir`, () => {
  const program = join(projectFolder, 'test/peers/maildir.py')

  it('reads what we wrote', async () => {
    await box.deliver(asCrlf(message('one')), 'INBOX', { flags: ['\\Seen', '\\Flagged'] })
    await box.deliver(asCrlf(message('two')))
    await box.deliver(asCrlf(message('bill')), 'Work/Bills', { create: true })
    await (await inbox()).close()
    const { stdout } = await run('python3', [program, 'read', box.path])
    expect(JSON.parse(stdout)).toEqual({
      folders: ['Work', 'Work.Bills'],
      messages: [
        { subject: 'one', flags: 'FS', subdir: 'cur' },
        { subject: 'two', flags: '', subdir: 'cur' },
      ],
    })
  })

  it('writes, flags, moves and deletes what we then read', async () => {
    // It replaces a file by a copy with another name at first: whoever looks then, as what prepares deliveries does, finds a new message.
    await box.remove()
    box = await createTestMaildir({ clock: fakeClock() })
    await box.deliver(asCrlf(message('ours')))
    const mailbox = await inbox()
    await run('python3', [program, 'write', box.path])
    await mailbox.refresh()
    const texts = await textsOf(mailbox)
    expect(
      mailbox.entries.map(({ uid, flags }) => [
        uid,
        /Subject: (\S+)/.exec(texts.get(uid) ?? '')?.[1],
        ...flags,
      ]),
    ).toEqual([
      [1, 'ours', '\\Answered', '\\Seen'],
      [2, 'theirs', '\\Flagged'],
    ])
    for (const text of texts.values()) expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(await box.mailboxNames()).toEqual(['INBOX', 'Made', 'Made/Below'])
    expect(await box.mailboxes.status('Made/Below')).toMatchObject({ messages: 1, unseen: 1 })
    const [file = ''] = await readdir(join(box.path, '.Made.Below/cur'))
    expect(await readFile(join(box.path, '.Made.Below/cur', file), 'utf8')).toContain('Subject: below')
  })
})
