import { link, lutimes, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { createTestMaildir } from '../../../test/support/stores/maildir.ts'
import { staleAfter } from './stale-files.ts'

it('removes what was left in tmp 36 hours ago when a mailbox is opened, not before', async () => {
  const clock = fakeClock(Date.now())
  const box = await createTestMaildir({ clock })
  try {
    await box.put('tmp/1.left.h', 'half a mess')
    await mkdir(join(box.path, 'tmp/2.deleted-mailbox.h'))
    await box.put('tmp/2.deleted-mailbox.h/file', '')
    clock.advance(staleAfter - 60_000)
    await (await box.mailboxes.openMailbox('INBOX')).close()
    expect(await box.names('tmp')).toHaveLength(2)
    clock.advance(120_000)
    await (await box.mailboxes.openMailbox('INBOX')).close()
    expect(await box.names('tmp')).toEqual([])
  } finally {
    await box.remove()
  }
})

it('removes what was staged for a mailbox that has another name since, and was committed under the old one', async () => {
  const clock = fakeClock(Date.now())
  const box = await createTestMaildir({ clock })
  try {
    await box.mailboxes.createMailbox('Work')
    const staged = await box.mailboxes.stage('Work', bufferContent(Buffer.from('x')), { create: true })
    await box.mailboxes.renameMailbox('Work', 'Old')
    await staged.commit()
    expect(await box.mailboxes.status('Work')).toMatchObject({ messages: 1 })
    expect(await box.names('.Old/tmp')).toHaveLength(1)
    clock.advance(staleAfter + 60_000)
    await (await box.mailboxes.openMailbox('Old')).close()
    expect(await box.names('.Old/tmp')).toEqual([])
  } finally {
    await box.remove()
  }
})

it('keeps an old file that was linked into tmp a moment ago', async () => {
  const box = await createTestMaildir()
  try {
    await box.put('cur/1.old.h:2,S', 'x')
    const old = new Date('2001-01-01')
    await lutimes(join(box.path, 'cur/1.old.h:2,S'), old, old)
    await link(join(box.path, 'cur/1.old.h:2,S'), join(box.path, 'tmp/1.old.h'))
    await (await box.mailboxes.openMailbox('INBOX')).close()
    expect(await box.names('tmp')).toEqual(['1.old.h'])
  } finally {
    await box.remove()
  }
})
