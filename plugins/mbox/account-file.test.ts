import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMbox, type TestMbox } from '../../test/support/stores/mbox.ts'

let box: TestMbox
let file: string

beforeEach(async () => {
  box = await createTestMbox()
  const control = join(box.path, 'mail/.mailwright')
  await mkdir(control, { recursive: true })
  file = join(control, 'account')
})
afterEach(() => box.remove())

it('what is remembered of an account is not read where somebody has made it endless', async () => {
  await box.mailboxes.subscribe('Work', true)
  expect(await box.mailboxes.subscriptions()).toContain('Work')
  await writeFile(file, '')
  await truncate(file, 64 * 1024 * 1024 + 1)
  await expect(box.mailboxes.subscriptions()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
})
