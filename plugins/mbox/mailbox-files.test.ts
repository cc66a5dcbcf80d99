import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent, readAll } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMbox, type TestMbox } from '../../test/support/stores/mbox.ts'

let box: TestMbox

beforeEach(async () => {
  box = await createTestMbox()
})
afterEach(() => box.remove())

const put = (subject: string): string =>
  `From a@example.org Sat Nov 28 21:53:22 2026\nSubject: ${subject}\n\nbody\n\n`
const namesOf = async (): Promise<readonly string[]> =>
  (await box.mailboxes.mailboxes()).map(({ name }) => name)

/** Subjects in a mailbox. */
async function subjects(name: string): Promise<readonly string[]> {
  const mailbox = await box.mailboxes.openMailbox(name)
  const found: string[] = []
  for (const { uid } of mailbox.entries)
    found.push(/Subject: (.*)\r/.exec((await readAll(await mailbox.content(uid))).toString())?.[1] ?? '')
  await mailbox.close()
  return found
}

it('has a file for a mailbox, a directory for those below it, and messages beside that', async () => {
  await box.mailboxes.createMailbox('Archive')
  await box.mailboxes.createMailbox('Work/Bills')
  await box.deliver('Subject: work\r\n\r\n', 'Work')
  expect(await box.names('mail')).toEqual(['.mailwright', 'Archive', 'Work', 'Work.messages'])
  expect(await box.names('mail/Work')).toEqual(['Bills'])
  expect(await subjects('Work')).toEqual(['work'])
})

it('lets a mailbox step aside when it gets others below it, with its UIDs', async () => {
  await box.deliver('Subject: one\r\n\r\n', 'Work', { create: true })
  await box.deliver('Subject: two\r\n\r\n', 'Work')
  const mailbox = await box.mailboxes.openMailbox('Work')
  await mailbox.expunge([1])
  await box.mailboxes.createMailbox('Work/Bills/2026')
  await box.deliver('Subject: three\r\n\r\n', 'Work')
  await mailbox.refresh()
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2, 3])
  expect(await subjects('Work')).toEqual(['two', 'three'])
  expect(await box.names('mail/Work')).toEqual(['Bills', 'Bills.messages'])
  await box.mailboxes.deleteMailbox('Work/Bills/2026')
  await box.mailboxes.deleteMailbox('Work/Bills')
  expect(await namesOf()).toEqual(['INBOX', 'Work'])
  await mailbox.changeFlags([2], { add: ['\\Seen'] })
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2, 3])
})

it('puts no mailbox in the place of messages that are beside it already', async () => {
  await box.mailboxes.createMailbox('Other')
  await box.write(put('ours'), 'mail/Work.messages')
  await box.write(put('theirs'), 'mail/Work')
  const refused = { code: 'MAIL_E_INVALID', message: expect.stringContaining('mail/Work.messages are files') }
  const stage = (name: string) => box.mailboxes.stage(name, bufferContent(Buffer.from('x')), { create: true })
  for (const name of ['Work/Bills', 'Work/Bills/Paid']) {
    await expect(stage(name)).rejects.toMatchObject(refused)
    await expect(box.mailboxes.createMailbox(name)).rejects.toMatchObject(refused)
    await expect(box.mailboxes.renameMailbox('Other', name)).rejects.toMatchObject(refused)
  }
  expect(await box.names('mail/.mailwright/spool')).toEqual([])
  expect(await subjects('Work')).toEqual(['theirs'])
  expect(await box.read('mail/Work.messages')).toContain('Subject: ours')
})

it('shows the files and directories of other programs', async () => {
  await box.write(put('plain'), 'mail/saved-messages')
  await box.write(put('below'), 'mail/Lists/users')
  await box.write(put('spaces'), 'mail/Sent Items')
  await box.write(put('umlaut'), 'mail/Entwürfe')
  await box.write(put('beside'), 'mail/Kept.messages')
  for (const hidden of ['mail/.hidden', 'mail/users.lock', 'mail/Lists/.x/y'])
    await box.write(put('x'), hidden)
  expect(await namesOf()).toEqual([
    'INBOX',
    'Entwürfe',
    'Kept',
    'Lists/users',
    'Sent Items',
    'saved-messages',
  ])
  expect(await subjects('Lists/users')).toEqual(['below'])
  expect(await subjects('Kept')).toEqual(['beside'])
  await expect(box.mailboxes.openMailbox('Lists')).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  await box.mailboxes.createMailbox('Lists')
  expect(await box.names('mail')).toContain('Lists.messages')
})

it('writes names that would be hidden or taken for something else so that they come back', async () => {
  const names = ['.hidden', '..', 'a.lock', 'b.messages', '100%', '%2e', 'INBOX/below', 'a\\b', '~root']
  for (const name of names) {
    await box.mailboxes.createMailbox(name)
    await box.deliver(`Subject: ${name}\r\n\r\n`, name)
    expect(await subjects(name)).toEqual([name])
  }
  expect((await namesOf()).slice(1)).toEqual([...names].sort())
  expect(await box.names('mail')).toEqual(
    [
      '%2e.',
      '%2ehidden',
      '%252e',
      '.mailwright',
      '100%25',
      'INBOX',
      'a%2elock',
      'a\\b',
      'b%2emessages',
      '~root',
    ]
      .concat(['..', '.hidden', '%2e', 'a.lock', 'b.messages', '100%', 'a\\b', '~root'].map(indexOf))
      .sort(),
  )
})

function indexOf(name: string): string {
  const file = name
    .replaceAll('%', '%25')
    .replace(/^\./, '%2e')
    .replace(/\.(lock|messages)$/, '%2e$1')
  return `.${file}.mailwright.index`
}

it('follows no symbolic link', async () => {
  const other = await createTestMbox()
  try {
    await other.write(put('secret'), 'mail/Private')
    await symlink(join(other.path, 'mail/Private'), join(box.path, 'mail/Link'))
    await symlink(join(other.path, 'mail'), join(box.path, 'mail/Dir'))
    expect(await namesOf()).toEqual(['INBOX'])
    await expect(box.mailboxes.openMailbox('Link')).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
    await expect(box.mailboxes.openMailbox('Dir/Private')).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
    for (const name of ['Link', 'Dir', 'Dir/New'])
      await expect(box.mailboxes.createMailbox(name), name).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
    expect(await other.names('mail')).toEqual(['.mailwright', 'Private'])
  } finally {
    await other.remove()
  }
})

it('renames what is below along, and nothing over what is there', async () => {
  await box.deliver('Subject: work\r\n\r\n', 'Work', { create: true })
  await box.deliver('Subject: bills\r\n\r\n', 'Work/Bills', { create: true })
  await box.mailboxes.createMailbox('Old/Kept')
  await box.mailboxes.deleteMailbox('Old')
  await expect(box.mailboxes.renameMailbox('Work', 'Old')).rejects.toMatchObject({ code: 'MAIL_E_EXISTS' })
  await box.mailboxes.renameMailbox('Work', 'Play')
  expect(await namesOf()).toEqual(['INBOX', 'Old/Kept', 'Play', 'Play/Bills'])
  expect([await subjects('Play'), await subjects('Play/Bills')]).toEqual([['work'], ['bills']])
  await mkdir(join(box.path, 'mail/Empty'))
  await box.mailboxes.renameMailbox('Play', 'Empty')
  expect(await namesOf()).toEqual(['INBOX', 'Empty', 'Empty/Bills', 'Old/Kept'])
})

it('shows INBOX once, also where its file is among the others', async () => {
  const among = await createTestMbox({
    root: join(box.path, 'among'),
    inbox: '{user}/inbox',
    mailboxes: '{user}',
  })
  await among.deliver('Subject: in\r\n\r\n')
  await among.mailboxes.createMailbox('Inbox/Below')
  expect((await among.mailboxes.mailboxes()).map(({ name }) => name)).toEqual(['INBOX', 'INBOX/Below'])
  expect(await among.mailboxes.usage()).toMatchObject({ messages: 1 })
})

it('may have INBOX where the system’s mail is, and the rest elsewhere', async () => {
  const classic = await createTestMbox({
    inbox: join(box.options.root, 'var/mail/{user}'),
    mailboxes: join(box.options.root, 'home/{user}/mail'),
  })
  await classic.deliver('Subject: in\r\n\r\n')
  await classic.mailboxes.createMailbox('Work')
  const { root } = box.options
  const other = await createTestMbox({
    root: join(root, 'home/ann'),
    inbox: '{user}',
    mailboxes: '{user}-mail',
  })
  await other.mailboxes.status('INBOX')
  expect((await classic.mailboxes.mailboxes()).map(({ name }) => name)).toEqual(['INBOX', 'Work'])
  expect((await classic.mailboxes.status('INBOX')).messages).toBe(1)
})
