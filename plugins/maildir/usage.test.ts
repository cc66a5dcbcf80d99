import { bufferContent, errorCode } from 'mailwright'
import { afterEach, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../test/support/maildir.ts'

const made: TestMaildir[] = []

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

async function maildir(quotaBytes?: number): Promise<TestMaildir> {
  const box = await createTestMaildir(quotaBytes === undefined ? {} : { quotaBytes })
  made.push(box)
  return box
}

it('counts a foreign file by its octets on the disk until it has been looked at', async () => {
  const box = await maildir()
  await box.put('new/1700000000.1_0.host', 'a\nb\n')
  expect(await box.mailboxes.usage()).toEqual({ bytes: 4, messages: 1 })
  await (await box.mailboxes.openMailbox('INBOX')).close()
  expect(await box.mailboxes.usage()).toEqual({ bytes: 6, messages: 1 })
})

it('lets as many in at the same time as fit', async () => {
  const box = await maildir(1000)
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => box.deliver('x'.repeat(150))))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(errorCode(outcome.reason)).toBe('MAIL_E_OVER_QUOTA')
  expect(await box.mailboxes.usage()).toEqual({ bytes: 900, messages: 6 })
})

it('keeps room for what is staged, and gives it back', async () => {
  const box = await maildir(1000)
  const stage = () => box.mailboxes.stage('INBOX', bufferContent(Buffer.alloc(600, 'x')))
  const first = await stage()
  await expect(stage()).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await first.abort()
  const second = await stage()
  await second.commit()
  await expect(stage()).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
})
