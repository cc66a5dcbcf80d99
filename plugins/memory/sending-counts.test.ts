import { accounts } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import { createTestHost, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import memory from './index.ts'
import { SendingCounts } from './sending-counts.ts'

describe('sending counts', () => {
  it('count each account in its window, and on in a longer one', () => {
    const clock = fakeClock(Date.UTC(2026, 0, 1))
    const counts = new SendingCounts(clock)
    const limit = { recipients: 2, perSeconds: 60 }
    expect([1, 2, 3].map(() => counts.count('a', limit))).toEqual([true, true, false])
    expect(counts.count('b', limit)).toBe(true)
    clock.advance(60_000)
    expect(counts.count('a', limit)).toBe(true)
    expect(counts.count('a', { recipients: 1, perSeconds: 86_400 })).toBe(false)
    expect(counts.count('c', { recipients: 0, perSeconds: 60 })).toBe(false)
  })
})

describe('mail of accounts', () => {
  const jo = { localPart: 'jo', domain: 'example.org' }
  const an = { localPart: 'an', domain: 'example.org' }
  let host: TestHost

  beforeEach(async () => {
    const options = {
      accounts: [{ address: 'jo@example.org', password: 'secret' }, { address: 'an@example.org' }],
      aliases: [{ address: 'both@example.org', targets: ['jo@example.org', 'an@example.org'] }],
    }
    host = await createTestHost({ plugins: [memory(options), localDelivery()], clock: fakeClock() })
  })

  afterEach(() => host.stop())

  const administration = () => {
    const { administration: found } = host.service(accounts)
    if (found === undefined) throw new Error('no administration')
    return found
  }
  const send = async (to: string | readonly string[], login?: { login: string; secret: string }) => {
    const mail = { from: 'jo@example.org', to, data: 'Subject: hello\n\nHello.\n' }
    const answers = await host.send(login === undefined ? mail : { ...mail, role: 'submission', login })
    return answers.map(({ reply }) => `${reply.code} ${reply.enhanced}`)
  }

  it('is refused beyond the limit of who has logged in, and of nobody else', async () => {
    await administration().setSendingLimit(jo, { recipients: 2, perSeconds: 3600 })
    const login = { login: 'jo@example.org', secret: 'secret' }
    const to = ['an@example.org', 'jo@example.org', 'both@example.org']
    expect(await send(to, login)).toEqual(['250 2.0.0', '250 2.0.0', '450 4.7.1'])
    expect(await send('an@example.org', login)).toEqual(['450 4.7.1'])
    expect(await send('an@example.org')).toEqual(['250 2.0.0'])
  })

  it('is refused for good while the account is disabled, also through an alias', async () => {
    await administration().setDisabled(an, true)
    expect(await send(['an@example.org', 'jo@example.org'])).toEqual(['550 5.2.1', '250 2.0.0'])
    expect(await send('both@example.org')).toEqual(['550 5.7.1'])
    await administration().setDisabled(an, false)
    expect(await send('both@example.org')).toEqual(['250 2.0.0'])
  })

  it('is told in the history with the app password that was used', async () => {
    const { secret } = await administration().addAppPassword(jo, { name: 'Phone', roles: ['submission'] })
    expect(await send('an@example.org', { login: 'jo@example.org', secret })).toEqual(['250 2.0.0'])
    const [entry] = await host.history({ text: 'Phone' })
    expect(entry).toMatchObject({ verb: 'logged-in', facts: { appPassword: 'Phone' } })
  })
})
