import { expect, test } from 'vitest'
import { QuotaGuard, type Usage } from './quota.ts'

const usage = (bytes: number): Usage => ({ bytes, messages: 0 })

test('what is given back while others measure is not forgotten, whether it was counted or not', async () => {
  const guard = new QuotaGuard()
  let stored = 0
  const giveBack = await guard.reserve(60, 100, async () => usage(stored))
  const measure = async (): Promise<Usage> => {
    const seen = stored
    // The first message comes to lie behind what was measured.
    stored = 60
    giveBack()
    return usage(seen)
  }
  await expect(guard.reserve(60, 100, measure)).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
})

test('what is counted and promised at the same time takes no room twice', async () => {
  const guard = new QuotaGuard()
  const giveBack = await guard.reserve(60, 100, async () => usage(0))
  let looks = 0
  const measure = async (): Promise<Usage> => {
    looks += 1
    giveBack()
    return usage(60)
  }
  await guard.reserve(40, 100, measure)
  expect(looks).toBe(2)
})
